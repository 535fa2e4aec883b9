import type { Json } from "../core/mod.ts";
import {
  invalidWebhook,
  loginOf,
  member,
  type PushNotice,
  requireRepository,
  requireTag,
  textMember,
} from "./notice.ts";

const PROVIDER = "docker-hub";

/** A push as Docker Hub tells it. */
export interface HubNotice extends PushNotice {
  readonly tag: string;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  /** Where Docker once took an answer. Untrusted. */
  readonly callbackUrl: string | undefined;
}

/**
 * Read what Docker Hub posts after a push. It names repository, tag, time and pusher, and no digest.
 *
 * @throws {TidegateError} INVALID_WEBHOOK where repository, tag or time are missing or malformed.
 * @see {@link https://docs.docker.com/docker-hub/repos/manage/webhooks/ | Docker Hub, Webhooks}
 */
export function readHubNotice(json: Json): HubNotice {
  const repository = requireRepository(PROVIDER, repositoryName(json));
  const tag = requireTag(PROVIDER, textMember(json, "push_data", "tag"));
  if (tag === undefined) throw invalidWebhook(PROVIDER, "must name a tag");
  const pushedAt = member(json, "push_data", "pushed_at");
  if (typeof pushedAt !== "number" || pushedAt < 0 || pushedAt > MOST_SECONDS) {
    throw invalidWebhook(PROVIDER, "must say when in Unix seconds");
  }
  return {
    ...{ kind: "push", repository, tag },
    pusher: loginOf(textMember(json, "push_data", "pusher")),
    timestamp: Math.round(pushedAt * 1000), // older ones are fractions
    callbackUrl: textMember(json, "callback_url"),
  };
}

const MOST_SECONDS = 253_402_300_799; // the last second of the year 9999

/** Official images come as a bare name. */
function repositoryName(json: Json): string | undefined {
  const full = textMember(json, "repository", "repo_name");
  if (full !== undefined) return full.includes("/") ? full : `library/${full}`;
  const namespace = textMember(json, "repository", "namespace");
  const name = textMember(json, "repository", "name");
  return namespace !== undefined && name !== undefined ? `${namespace}/${name}` : undefined;
}
