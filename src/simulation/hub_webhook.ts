import { encodeUtf8 } from "../core/mod.ts";
import type { WebhookPost } from "./webhook_post.ts";

/** A push to Docker Hub. */
export interface HubPush {
  /** `acme/app`; of an official image the bare name. */
  readonly repository: string;
  /** Default is `latest`. */
  readonly tag?: string;
  /** Default is `robot`. */
  readonly pusher?: string;
  /** In Unix seconds; older webhooks have fractions. Default is 2026-01-01. */
  readonly pushedAt?: number;
  /** Default is an address of the kind that Docker has sent. */
  readonly callbackUrl?: string;
}

const NEW_YEAR = 1_767_225_600; // 2026-01-01T00:00:00Z in Unix seconds

/** What Docker Hub posts after a push: unsigned, without a digest, with an address for an answer. */
export function hubWebhook(push: HubPush): WebhookPost {
  const { repository, tag = "latest", pusher = "robot", pushedAt = NEW_YEAR } = push;
  const [namespace = "", name = namespace] = repository.split("/");
  const payload = {
    callback_url: push.callbackUrl ?? `https://registry.hub.docker.com/u/${repository}/hook/1/`,
    push_data: { pushed_at: pushedAt, pusher, tag },
    repository: {
      ...{ comment_count: 0, date_created: NEW_YEAR, description: "", dockerfile: "FROM scratch" },
      ...{ full_description: "", is_official: false, is_private: true, is_trusted: false },
      ...{ name, namespace, owner: namespace, repo_name: repository },
      repo_url: `https://registry.hub.docker.com/u/${repository}/`,
      ...{ star_count: 0, status: "Active" },
    },
  };
  return {
    headers: { "content-type": "application/json", "user-agent": "Go-http-client/1.1" },
    body: encodeUtf8(JSON.stringify(payload)),
  };
}
