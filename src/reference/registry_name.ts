const LONGEST_HOST = 255; // RFC 1035 2.3.4 allows a name 255 octets
const LABELS = /^(?!-)[a-zA-Z0-9-]+$/;

/**
 * The rule that a registry's `host[:port]` breaks, or undefined. The grammar is
 * distribution/reference's (`domainAndPort`); beyond it, what no URL can hold is refused here, so
 * that it never fails as a request: port 0 or above 65535, `[:::]`, `1.2.3.256`.
 */
export function brokenRegistryRule(text: string): string | undefined {
  if (text.length > LONGEST_HOST) return `must have at most ${LONGEST_HOST} characters in its host`;
  const { host, port } = splitPort(text);
  if (port !== undefined && !isPort(port)) return "must have a port from 1 to 65535";
  if (host.startsWith("[") ? !/^\[[0-9a-fA-F:]+\]$/.test(host) : !isDomainName(host)) {
    return "must have a host name or an IP address before the first '/'";
  }
  return URL.canParse(`https://${text}`) ? undefined : "must have a host that a URL can hold";
}

/** Whether the text before the first `/` is a registry rather than a namespace of Docker Hub. */
export function looksLikeRegistry(text: string): boolean {
  return text === "localhost" || /[.:A-Z]/.test(text);
}

function splitPort(text: string): { host: string; port: string | undefined } {
  const colon = text.indexOf(":", text.lastIndexOf("]") + 1);
  if (colon === -1) return { host: text, port: undefined };
  return { host: text.slice(0, colon), port: text.slice(colon + 1) };
}

function isPort(text: string): boolean {
  return /^[0-9]{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65535;
}

function isDomainName(host: string): boolean {
  return host.split(".").every((label) => LABELS.test(label) && !label.endsWith("-"));
}
