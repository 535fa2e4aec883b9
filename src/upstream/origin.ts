import { classifyHost } from "./host_class.ts";

/**
 * Whether a URL is https on a host that is on the internet as far as its name tells.
 *
 * @param url Absolute. A string that is no URL is not public.
 */
export function isPublicOrigin(url: string | URL): boolean {
  const parsed = typeof url === "string" ? tryParseUrl(url) : url;
  return parsed?.protocol === "https:" && classifyHost(parsed.hostname) === "public";
}

/**
 * A URL, or undefined where the URL standard fails. Once for all runtimes: some lack `URL.parse`, and
 * Chromium keeps escapes in the host (`reg istry` as `reg%20istry`), where `%` is forbidden.
 */
export function tryParseUrl(text: string, base?: string): URL | undefined {
  if (!URL.canParse(text, base)) return undefined;
  const url = new URL(text, base);
  return /^https?:$/.test(url.protocol) && url.hostname.includes("%") ? undefined : url;
}

/**
 * The origin that a configuration line means: `https://host[:port]`, with nothing but `/` after it.
 *
 * @returns The normal form (`https://ghcr.io:443/` is `https://ghcr.io`), or undefined for anything
 * that is not exactly an http or https origin.
 */
export function tryParseOrigin(text: string): string | undefined {
  if (!/^https?:\/\/[^/\\?#@\s]+\/?$/i.test(text)) return undefined;
  return tryParseUrl(text)?.origin;
}
