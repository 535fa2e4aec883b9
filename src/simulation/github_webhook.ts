import { encodeHex, encodeUtf8 } from "../core/mod.ts";
import type { WebhookPost } from "./webhook_post.ts";

/** A delivery of GitHub's. */
export interface GithubDelivery {
  /** What the webhook's settings have as secret. */
  readonly secret: string;
  /** Value of `X-GitHub-Event`. Default is `package`. */
  readonly event?: string;
  /** Value of `X-GitHub-Delivery`. Default is always the same. */
  readonly id?: string;
  /** An object, or the text of a body. */
  readonly payload: unknown;
  /** What the webhook's settings have as content type. Default is `json`. */
  readonly form?: "json" | "form";
}

/** Sign and address a payload as GitHub does: HMAC-SHA256 over the bytes of the body as sent. */
export async function githubWebhook(delivery: GithubDelivery): Promise<WebhookPost> {
  const { secret, event = "package", payload, form = "json" } = delivery;
  const { id = "5f0c1b7a-6c0e-11f0-8f6e-000000000001" } = delivery;
  const text = typeof payload === "string" ? payload : JSON.stringify(payload);
  const isForm = form === "form";
  const body = encodeUtf8(isForm ? String(new URLSearchParams({ payload: text })) : text);
  return {
    headers: {
      "content-type": isForm ? "application/x-www-form-urlencoded" : "application/json",
      "user-agent": "GitHub-Hookshot/simulated",
      "x-github-delivery": id,
      "x-github-event": event,
      "x-github-hook-id": "1",
      "x-hub-signature-256": await signGithub(secret, body),
    },
    body,
  };
}

/** Value of `X-Hub-Signature-256`. */
export async function signGithub(secret: string, body: Uint8Array<ArrayBuffer>): Promise<string> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", encodeUtf8(secret), algorithm, false, ["sign"]);
  return `sha256=${encodeHex(new Uint8Array(await crypto.subtle.sign("HMAC", key, body)))}`;
}

/** A version of a container package. */
export interface GithubPackage {
  /** As GitHub writes it: upper case is kept in some fields. */
  readonly owner: string;
  /** May have slashes. */
  readonly name: string;
  /** Empty for a version without tags, such as the child of an index. */
  readonly tag?: string;
  readonly digest: string;
  /** Default is `published`. */
  readonly action?: string;
  /** Default is `CONTAINER`. */
  readonly type?: string;
  /** RFC 3339. Default is 2026-01-01. */
  readonly updatedAt?: string;
}

/** The payload of a `package` or `registry_package` event, with the oddities of real ones. */
export function githubPackagePayload(
  { owner, name, tag = "", digest, action = "published", type = "CONTAINER", ...rest }:
    GithubPackage,
  event: "package" | "registry_package" = "package",
): Readonly<Record<string, unknown>> {
  const { updatedAt = "2026-01-01T00:00:00Z" } = rest;
  const login = { login: owner, id: 1, type: "Organization", site_admin: false };
  const url = `ghcr.io/${owner}/${name}:${tag}`;
  return {
    action,
    [event]: {
      ...{ id: 1, name, namespace: owner.toLowerCase(), description: "" },
      ...{ ecosystem: type, package_type: type, owner: login },
      ...{ created_at: updatedAt, updated_at: updatedAt },
      package_version: {
        ...{ id: 2, version: digest, name: digest, description: "", summary: "", manifest: "" },
        ...{ created_at: "0001-01-01T00:00:00Z", updated_at: "0001-01-01T00:00:00Z" },
        metadata: [],
        container_metadata: {
          tag: { name: tag, digest },
          labels: { all_labels: {} },
          manifest: { digest, size: 685, config: { digest: "", size: 0 }, layers: [] },
        },
        installation_command: `docker pull ${url}`,
        package_url: url,
      },
      registry: { name: `GitHub ${type} registry`, type, vendor: "GitHub Inc" },
    },
    organization: { login: owner, id: 1 },
    sender: { login: "octocat", id: 2, type: "User" },
  };
}
