import { isLoopbackHost } from "../upstream/mod.ts";

/**
 * Check that a text is an origin and nothing more: scheme, host, port, as `URL.origin` writes them.
 *
 * @param allowHttp Whether plain http is allowed to hosts other than this machine.
 * @returns What is wrong with it, or undefined.
 */
export function originProblem(text: string, allowHttp: boolean): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== "https:" && url.protocol !== "http:")) {
    return "must be an https origin";
  }
  if (url.origin !== text) {
    return "must be an origin as URLs write it: scheme, host and port, lower case, no path";
  }
  if (url.protocol === "http:" && !allowHttp && !isLoopbackHost(url.hostname)) {
    return "must use https, unless it is a loopback address or insecure is true";
  }
  return undefined;
}
