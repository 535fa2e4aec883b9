/**
 * What kind of place a host is, read off its name or address alone. Names are not resolved: a public
 * name that resolves to a private address counts as public, because `fetch` offers no way to pin the
 * address that a check saw.
 */
export type HostClass = "public" | "loopback" | "private";

/** Names that never mean a host on the internet: RFC 6761, 6762, 8375, ICANN's `.internal`, common habits. */
const PRIVATE_SUFFIXES: readonly string[] = [
  "local", // RFC 6762
  "localdomain",
  "internal", // ICANN 2024; metadata.google.internal
  "home.arpa", // RFC 8375
  "intranet",
  "private",
  "corp",
  "home",
  "lan",
  "svc", // Kubernetes: resolved through a search domain
];

/** IPv4 blocks that are not on the internet: IANA's registry. */
const PRIVATE_IPV4: readonly string[] = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10", // shared; 100.100.100.200 is a metadata service
  "168.63.129.16/32", // public by its number, but Azure's wire server
  "169.254.0.0/16", // link-local; 169.254.169.254 is a metadata service
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/3", // multicast, reserved, broadcast
];

/**
 * Classify a host as the URL parser left it: WHATWG URL has by then turned `0x7f.1`, `2130706433` and
 * `①②⑦.0.0.1` into `127.0.0.1`.
 *
 * @param hostname `URL.hostname`; IPv6 in brackets. A trailing dot is ignored.
 */
export function classifyHost(hostname: string): HostClass {
  const name = hostname.toLowerCase().replace(/\.$/, "");
  if (name.startsWith("[")) return classifyIpv6(name.slice(1, -1));
  const ipv4 = parseIpv4(name);
  if (ipv4 !== undefined) return classifyIpv4(ipv4);
  if (name === "localhost" || name.endsWith(".localhost")) return "loopback";
  const labels = name.split(".");
  const isPrivate = labels.length === 1 || labels.includes("") ||
    PRIVATE_SUFFIXES.some((suffix) => name.endsWith(`.${suffix}`));
  return isPrivate ? "private" : "public";
}

/** Whether a host is this machine: `localhost`, `127.0.0.0/8`, `::1`. */
export function isLoopbackHost(hostname: string): boolean {
  return classifyHost(hostname) === "loopback";
}

function parseIpv4(name: string): number | undefined {
  if (!/^\d{1,3}(?:\.\d{1,3}){3}$/.test(name)) return undefined;
  return name.split(".").reduce((value, part) => value * 256 + Number(part), 0);
}

function classifyIpv4(address: number): HostClass {
  if (address >>> 24 === 127) return "loopback";
  const isPrivate = PRIVATE_IPV4.some((block) => {
    const [first = "", length] = block.split("/");
    const size = 2 ** (32 - Number(length));
    const start = parseIpv4(first) ?? 0;
    return address >= start && address < start + size;
  });
  return isPrivate ? "private" : "public";
}

function classifyIpv6(text: string): HostClass {
  const groups = parseIpv6(text);
  if (groups === undefined) return "private";
  const [a = 0, b = 0, , , , , g = 0, h = 0] = groups;
  const startsWithZeros = groups.slice(0, 5).every((group) => group === 0);
  if (startsWithZeros && groups[5] === 0 && g === 0 && h === 1) return "loopback";
  // ::ffff:a.b.c.d and ::a.b.c.d; 64:ff9b::/96 (NAT64); 2002::/16 (6to4): the IPv4 address inside decides
  if (startsWithZeros && (groups[5] === 0xffff || groups[5] === 0)) return embedded(g, h);
  if (a === 0x64 && b === 0xff9b && groups.slice(2, 6).every((x) => x === 0)) return embedded(g, h);
  if (a === 0x2002) return embedded(b, groups[2] ?? 0);
  if (a >>> 13 !== 1) return "private"; // only 2000::/3 is global unicast
  const isSpecial = (a === 0x2001 && (b < 0x200 || b === 0xdb8)) || (a === 0x3fff && b < 0x1000);
  return isSpecial ? "private" : "public";
}

function embedded(high: number, low: number): HostClass {
  return classifyIpv4(high * 65536 + low);
}

/** The eight groups of an IPv6 address in the form that the URL parser writes (RFC 5952, no dots). */
function parseIpv6(text: string): readonly number[] | undefined {
  const [left = "", right, ...more] = text.split("::");
  if (more.length > 0) return undefined;
  const head = left === "" ? [] : left.split(":");
  const tail = right === undefined || right === "" ? [] : right.split(":");
  const missing = 8 - head.length - tail.length;
  if (right === undefined ? missing !== 0 : missing < 1) return undefined;
  const groups = [...head, ...Array<string>(missing).fill("0"), ...tail];
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/.test(group))) return undefined;
  return groups.map((group) => parseInt(group, 16));
}
