import { Secret } from "../../src/core/mod.ts";
import { type Digest, parseDigest } from "../../src/reference/mod.ts";
import type { TidegateEvent } from "../../src/observability/mod.ts";
import {
  type GithubDelivery,
  githubPackagePayload,
  githubWebhook,
  type HubPush,
  hubWebhook,
  webhookRequest,
} from "../../src/simulation/mod.ts";
import {
  createWebhookReceiver,
  type RegistryEvent,
  type WebhookReceiver,
  type WebhookReceiverOptions,
} from "../../src/webhook/mod.ts";

export const HUB_SECRET = "canary-hub-5f0c1b7a6c0e";
export const GITHUB_SECRET = "canary-github-8f6e11f0";
export const DIGEST: Digest = parseDigest(`sha256:${"ab".repeat(32)}`);
export const HUB_URL = `https://door.test/hooks/docker-hub/${HUB_SECRET}`;
export const GITHUB_URL = "https://door.test/hooks/github";

/** A receiver that writes down everything it does. */
export interface TestReceiver extends WebhookReceiver {
  readonly events: readonly RegistryEvent[];
  /** What was resolved, as `repository reference`. */
  readonly resolved: readonly string[];
  /** What was purged, as `repository tag`. */
  readonly purged: readonly string[];
  readonly told: readonly TidegateEvent[];
  /** How many effects there were of any kind. */
  effects(): number;
  hub(push?: Partial<HubPush>, url?: string): Promise<Response>;
  github(delivery?: Partial<GithubDelivery>, headers?: Record<string, string>): Promise<Response>;
}

/** What the registry answers: `DIGEST` unless a test says otherwise. */
export type TestAnswer = (reference: string, signal: AbortSignal) => Promise<Digest | undefined>;

export function openReceiver(
  options: Partial<WebhookReceiverOptions> = {},
  answer: TestAnswer = () => Promise.resolve(DIGEST),
): TestReceiver {
  const events: RegistryEvent[] = [];
  const resolved: string[] = [];
  const purged: string[] = [];
  const told: TidegateEvent[] = [];
  const sender = {
    resolve: (repository: string, reference: string, signal: AbortSignal) => {
      resolved.push(`${repository} ${reference}`);
      return answer(reference, signal);
    },
    purger: {
      purge: (repository: string, tag = "*") =>
        Promise.resolve(void purged.push(`${repository} ${tag}`)),
    },
  };
  const receiver = createWebhookReceiver({
    dockerHub: { secrets: [new Secret(HUB_SECRET)], ...sender, ...options.dockerHub },
    github: { secrets: [new Secret(GITHUB_SECRET)], ...sender, ...options.github },
    sinks: [(event) => void events.push(event), ...options.sinks ?? []],
    observer: (event) => void told.push(event),
    ...rest(options),
  });
  return {
    ...receiver,
    ...{ events, resolved, purged, told },
    effects: () => events.length + resolved.length + purged.length,
    hub: (push = {}, url = HUB_URL) =>
      receiver.fetch(webhookRequest(url, hubWebhook({ repository: "acme/app", ...push }))),
    github: async (delivery = {}, headers = {}) => {
      const post = await githubWebhook({
        ...{ secret: GITHUB_SECRET, payload: githubPackagePayload(PACKAGE) },
        ...delivery,
      });
      return receiver.fetch(
        webhookRequest(GITHUB_URL, { ...post, headers: { ...post.headers, ...headers } }),
      );
    },
  };
}

/** What most tests of GitHub's deliveries are about. */
export const PACKAGE = { owner: "Acme", name: "app", tag: "v1", digest: DIGEST } as const;

function rest(options: Partial<WebhookReceiverOptions>): Partial<WebhookReceiverOptions> {
  const { dockerHub: _hub, github: _github, sinks: _sinks, ...others } = options;
  return others;
}

/** `outcome` or `error` of an answer, after its status. */
export async function outcomeOf(response: Response): Promise<string> {
  const { outcome, error } = await response.json() as { outcome?: string; error?: string };
  return `${response.status} ${outcome ?? error}`;
}
