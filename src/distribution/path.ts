import { type Digest, isRepositoryName, isTag, tryParseDigest } from "../reference/mod.ts";

/** What a path of the distribution API means. All parts are checked. */
export type Route =
  | { readonly kind: "ping" }
  | {
    readonly kind: "manifest";
    readonly name: string; /** Tag or digest. */
    readonly reference: string;
  }
  | { readonly kind: "blob"; readonly name: string; readonly digest: Digest }
  | { readonly kind: "tags"; readonly name: string }
  | { readonly kind: "referrers"; readonly name: string; readonly digest: Digest }
  | { readonly kind: "uploads"; readonly name: string }
  | { readonly kind: "upload"; readonly name: string; readonly session: string };

const LONGEST_PATH = 8192; // an upload session that carries its state sealed is about 1 KiB

/**
 * Read the path of a request to the distribution API.
 *
 * The path is taken as it came, not decoded: names, tags and digests need no escapes, so that a `%`
 * (`%2f`, `%2e`, `%5c`), a backslash, an empty segment, dots and upper case in a name are refused,
 * and no two paths mean the same thing. The last segments decide, as names may contain `manifests`.
 *
 * @param pathname Path of the URL, without its query.
 * @returns Undefined for anything that is no endpoint, or names what cannot exist.
 * @see {@link https://github.com/opencontainers/distribution-spec/blob/main/spec.md#endpoints | distribution-spec, Endpoints}
 */
export function parsePath(pathname: string): Route | undefined {
  if (pathname.length > LONGEST_PATH || !pathname.startsWith("/v2")) return undefined;
  if (pathname === "/v2/" || pathname === "/v2") return { kind: "ping" };
  const segments = pathname.split("/").slice(2);
  const last = segments.pop() ?? "";
  const verb = segments.pop() ?? "";
  const isUpload = verb === "uploads" && segments.at(-1) === "blobs";
  const name = (isUpload ? segments.slice(0, -1) : segments).join("/");
  if (!pathname.startsWith("/v2/") || !isRepositoryName(name)) return undefined;
  return isUpload ? uploadRoute(name, last) : contentRoute(name, verb, last);
}

function contentRoute(name: string, verb: string, last: string): Route | undefined {
  if (verb === "tags") return last === "list" ? { kind: "tags", name } : undefined;
  if (verb === "manifests" && isTag(last)) return { kind: "manifest", name, reference: last };
  if (verb === "blobs" && last === "uploads") return { kind: "uploads", name };
  const digest = tryParseDigest(last);
  if (digest === undefined) return undefined;
  if (verb === "manifests") return { kind: "manifest", name, reference: digest };
  if (verb === "blobs") return { kind: "blob", name, digest };
  return verb === "referrers" ? { kind: "referrers", name, digest } : undefined;
}

function uploadRoute(name: string, session: string): Route | undefined {
  if (session === "") return { kind: "uploads", name };
  if (!/^[\w.~=-]+$/.test(session) || /^\.+$/.test(session)) return undefined;
  return { kind: "upload", name, session };
}
