import type { Json } from "../core/mod.ts";
import { tryParseDigest } from "../reference/mod.ts";
import {
  type DeleteNotice,
  invalidWebhook,
  loginOf,
  member,
  type PushNotice,
  requireRepository,
  requireTag,
  textMember,
} from "./notice.ts";

const PROVIDER = "github";

/**
 * Read a `package` or `registry_package` event. Both say the same; every nested field may be absent.
 *
 * GitHub sends `published` and `updated`. `deleted` is read too, should it ever come. The tag named is
 * one of those that the version has, not all; a child of an index comes without any.
 *
 * @param event Value of `X-GitHub-Event`.
 * @returns Undefined for events and actions that are not about images.
 * @throws {TidegateError} INVALID_WEBHOOK for one about an image that it does not name.
 * @see {@link https://docs.github.com/webhooks/webhook-events-and-payloads#package | GitHub, package}
 */
export function readGithubNotice(
  event: string,
  json: Json,
): PushNotice | DeleteNotice | undefined {
  if (event !== "package" && event !== "registry_package") return undefined;
  const action = textMember(json, "action");
  const isDelete = action === "deleted";
  if (!isDelete && action !== "published" && action !== "updated") return undefined;
  const item = member(json, event);
  if (!isContainer(item)) return undefined;
  const facts = {
    repository: requireRepository(PROVIDER, repositoryName(item)),
    tag: requireTag(PROVIDER, tagName(item)),
    digest: digestOf(item),
    pusher: loginOf(textMember(json, "sender", "login")),
    timestamp: timestampOf(item),
  };
  if (facts.tag === undefined && facts.digest === undefined) {
    throw invalidWebhook(PROVIDER, "must name a tag or a digest");
  }
  return isDelete ? { kind: "delete", ...facts } : { kind: "push", hasMoreTags: true, ...facts };
}

/** `container` in either case; the type that the old registry at docker.pkg.github.com has is another. */
function isContainer(item: Json | undefined): boolean {
  const paths = [["package_type"], ["ecosystem"], ["registry", "type"]] as const;
  return paths.some((path) => textMember(item, ...path)?.toLowerCase() === "container");
}

const VERSION = "package_version";

/** `ghcr.io/acme/app:v1`, else owner and name. The host is not looked at: the operator names it. */
function repositoryName(item: Json | undefined): string | undefined {
  const url = textMember(item, VERSION, "package_url");
  const [, named] = /^[^/]+\/([^:@]+)/.exec(url ?? "") ?? [];
  if (named !== undefined) return named;
  const owner = textMember(item, "namespace") ?? textMember(item, "owner", "login");
  const name = textMember(item, "name");
  return owner !== undefined && name !== undefined ? `${owner}/${name}` : undefined;
}

function tagName(item: Json | undefined): string | undefined {
  const tag = textMember(item, VERSION, "container_metadata", "tag", "name");
  if (tag !== undefined) return tag;
  const url = textMember(item, VERSION, "package_url") ?? "";
  const [, named] = /^[^:@]*:([^:@/]+)$/.exec(url) ?? [];
  return named;
}

function digestOf(item: Json | undefined): PushNotice["digest"] {
  const paths = [["version"], ["name"], ["container_metadata", "manifest", "digest"]] as const;
  for (const path of paths) {
    const digest = tryParseDigest(textMember(item, VERSION, ...path) ?? "");
    if (digest !== undefined) return digest;
  }
  return undefined;
}

/** The version's own dates are those of the year 1; the package's are real. */
function timestampOf(item: Json | undefined): number | undefined {
  const text = textMember(item, "updated_at") ?? "";
  const at = /^[2-9]\d{3}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)$/.test(text)
    ? Date.parse(text)
    : NaN;
  return Number.isNaN(at) ? undefined : at;
}
