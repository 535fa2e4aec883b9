import { encodeHex, encodeUtf8 } from "../core/mod.ts";
import type { WebhookProvider } from "./event.ts";
import { readGithubNotice } from "./github_notice.ts";
import { type HubNotice, readHubNotice } from "./hub_notice.ts";
import type { Notice } from "./notice.ts";
import type { SenderOptions } from "./options.ts";
import { createPathSecret, sha256 } from "./path_secret.ts";
import { parsePayload, type PayloadForm } from "./payload.ts";
import { createSignatureVerifier, isSignature } from "./signature.ts";

/** A message of a sender that proved itself. */
export interface Message {
  readonly headers: Headers;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly form: PayloadForm;
}

/** What a message says. */
export interface Reading {
  readonly notice: Notice;
  /** What makes it the same delivery as another. */
  readonly keys: readonly string[];
  readonly callbackUrl?: string | undefined;
}

/** What is different between providers. */
export interface Sender {
  readonly provider: WebhookProvider;
  readonly options: SenderOptions;
  readonly registry: string;
  /** What a stranger is answered: Docker Hub's address is the secret, so a wrong one is none. */
  readonly refusal: "unknown" | "unauthorized";
  /** Whether the address and the headers can be those of the sender; before a byte is read. */
  mayBe(segment: string | undefined, headers: Headers): Promise<boolean>;
  /** Whether the sender wrote the body. */
  wrote(bytes: Uint8Array<ArrayBuffer>, headers: Headers): Promise<boolean>;
  /**
   * Read a message. `pong` and `ignored` for those that are not about an image.
   * @throws {TidegateError} INVALID_WEBHOOK.
   */
  read(message: Message): Promise<Reading | "pong" | "ignored">;
}

/** Docker Hub: nothing but the last part of the address tells that it is. */
export function hubSender(options: SenderOptions): Sender {
  const isSecret = createPathSecret(options.secrets, "dockerHub.secrets");
  return {
    ...{ provider: "docker-hub", refusal: "unknown", options },
    registry: options.registry ?? "docker.io",
    mayBe: async (segment) => segment !== undefined && await isSecret(segment),
    wrote: async () => true,
    async read({ bytes, form }): Promise<Reading> {
      const notice = readHubNotice(parsePayload("docker-hub", bytes, form));
      const { callbackUrl } = notice;
      return { notice, keys: [await hubKey(notice)], callbackUrl };
    },
  };
}

/** There is no id: the same push is the same delivery. */
async function hubKey({ repository, tag, timestamp, pusher }: HubNotice): Promise<string> {
  const facts = JSON.stringify([repository, tag, timestamp, pusher ?? null]);
  return `docker-hub/${encodeHex(await sha256(encodeUtf8(facts)))}`;
}

/** GitHub: signs every body. */
export function githubSender(options: SenderOptions): Sender {
  const { verify } = createSignatureVerifier(options.secrets, "github.secrets");
  return {
    ...{ provider: "github", refusal: "unauthorized", options },
    registry: options.registry ?? "ghcr.io",
    mayBe: async (_segment, headers) => isSignature(headers.get(SIGNATURE)),
    wrote: (bytes, headers) => verify(bytes, headers.get(SIGNATURE)),
    async read({ headers, bytes, form }): Promise<Reading | "pong" | "ignored"> {
      const event = headers.get("x-github-event") ?? "";
      if (event === "ping") return "pong";
      const notice = readGithubNotice(event, parsePayload("github", bytes, form));
      return notice === undefined ? "ignored" : { notice, keys: await githubKeys(headers, bytes) };
    },
  };
}

const SIGNATURE = "x-hub-signature-256";

/** The id is not signed: a body that was seen under another id is no new delivery either. */
async function githubKeys(
  headers: Headers,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<readonly string[]> {
  const id = headers.get("x-github-delivery") ?? "";
  const body = `github/body/${encodeHex(await sha256(bytes))}`;
  return /^[\w-]{1,64}$/.test(id) ? [`github/id/${id}`, body] : [body];
}
