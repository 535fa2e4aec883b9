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

/** A URL, or undefined where `URL` would throw. Once for all runtimes: some lack `URL.parse`. */
export function tryParseUrl(text: string, base?: string): URL | undefined {
  try {
    return new URL(text, base);
  } catch {
    return undefined;
  }
}

/**
 * The origin that a configuration line means: `https://host[:port]`, with nothing but `/` after it.
 *
 * @returns The normal form (`https://ghcr.io:443/` is `https://ghcr.io`), or undefined for anything
 * that is not exactly an http or https origin.
 */
export function tryParseOrigin(text: string): string | undefined {
  if (!/^https?:\/\/[^/\\?#@\s]+\/?$/i.test(text)) return undefined;
  const url = tryParseUrl(text);
  return url === undefined || url.origin === "null" ? undefined : url.origin;
}
