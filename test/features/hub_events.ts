import { describe, expect, it } from "vitest";
import { Secret } from "../../src/core/mod.ts";
import { type Digest, parseReference } from "../../src/reference/mod.ts";
import { hubWebhook, webhookRequest } from "../../src/simulation/mod.ts";
import {
  createWebhookReceiver,
  type NoticeOrigin,
  type RegistryEvent,
  registryResolver,
  type WebhookReceiver,
} from "../../src/webhook/mod.ts";
import { sourceOf } from "../support/image_sources.ts";
import { type HubWorld, worldsOf } from "./hub_world.ts";
import type { ServeWorld } from "./serve_world.ts";

const OWN = parseReference("acme/own:v1");
const SECRET = "canary-hook-3f0c1b7a6c0e91";
const PUSHED_AT = 1_790_000_000; // in Unix seconds

/** What takes webhooks of a world's Docker Hub and asks it about them. */
interface Hooks {
  readonly receiver: WebhookReceiver;
  /** What came over the bus. */
  readonly heard: RegistryEvent[];
  /** Tags that were purged from the cache, as `repository:tag`. */
  readonly purged: string[];
  readonly origin: NoticeOrigin;
  /** Post a push as Docker Hub does; resolves with the answer as `status body`. */
  post(push: Parameters<typeof hubWebhook>[0], secret?: string): Promise<string>;
}

function openHooks({ ann, events }: HubWorld): Hooks {
  const [heard, purged]: [RegistryEvent[], string[]] = [[], []];
  const resolve = registryResolver(ann(), "docker.io");
  const purger = {
    purge: (repository: string, tag = "*") =>
      Promise.resolve(void purged.push(`${repository}:${tag}`)),
  };
  const receiver = createWebhookReceiver({
    dockerHub: { secrets: [new Secret(SECRET)], resolve, purger },
    observer: (event) => void events.push(event),
  });
  receiver.bus.subscribe((event) => void heard.push(event));
  return {
    ...{ receiver, heard, purged },
    origin: { source: "scanner", registry: "docker.io", resolve, purger },
    async post(push, secret = SECRET): Promise<string> {
      const url = `https://door.example.com/hooks/docker-hub/${secret}`;
      const answer = await receiver.fetch(webhookRequest(url, hubWebhook(push)));
      return `${answer.status} ${await answer.text()}`;
    },
  };
}

/** Tests of F-23: webhooks of Docker Hub become events. */
export function hubEvents(serve: ServeWorld): void {
  const world = worldsOf(serve);

  describe("Docker Hub: events", () => {
    it("F-23 finds what a pushed tag points to by HEAD, which is no pull", async () => {
      const { ann, client, other, requests } = await world();
      await ann().pushImage(OWN, sourceOf(other));
      requests();
      const hub = client();
      expect((await hub.manifests.head(OWN)).digest).toBe(other.digest);
      expect(requests().map(({ method }) => method)).not.toContain("POST");
      expect(hub.rateLimitStatus()).toMatchObject({ limit: 100, remaining: 100 });
    });

    it("F-23 validates a push, routes it and publishes ImagePushed, once", async () => {
      const opened = await world();
      const { events, hub, index, other, requests } = opened;
      const { heard, post, purged } = openHooks(opened);
      hub.add("acme/own", { image: other, tags: ["v1"] });
      const push = { repository: "acme/own", tag: "v1", pusher: "ann", pushedAt: PUSHED_AT };
      expect(await post(push)).toBe('200 {"outcome":"published"}');
      expect(await post(push)).toBe('200 {"outcome":"duplicate"}');
      expect(heard).toEqual([{
        type: "image.pushed",
        ...{ source: "docker-hub", registry: "docker.io", repository: "acme/own", tag: "v1" },
        ...{ pusher: "ann", timestamp: 1000 * PUSHED_AT, digest: other.digest },
      }]);
      expect(purged).toEqual(["acme/own:v1"]);
      const asked = requests().filter(({ target }) => target.includes("/manifests/"));
      expect(asked.map(({ method, status }) => `${method} ${status}`)).toEqual([
        "HEAD 401", // without a token at first
        "HEAD 200",
      ]);
      await post({ repository: "library/app", tag: "v2" });
      expect(heard[1]).toMatchObject({ repository: "library/app", digest: index.digest });
      expect(JSON.stringify(events)).not.toContain(SECRET);
    });

    it("F-23 believes neither strangers nor tags that are not there", async () => {
      const opened = await world();
      const { heard, post, purged } = openHooks(opened);
      const { requests } = opened;
      const push = { repository: "library/app", tag: "v1" };
      expect(await post(push, "canary-hook-of-somebody-else")).toMatch(/^404 /);
      expect(await post({ repository: "../library" })).toMatch(/^400 /);
      expect([requests(), purged]).toEqual([[], []]);
      expect(await post({ ...push, tag: "none" })).toBe('200 {"outcome":"unconfirmed"}');
      expect(heard).toEqual([]);
    });

    it("F-23 routes deletions, once the registry agrees, and findings of scans", async () => {
      const opened = await world();
      const { hub, image, other } = opened;
      const { heard, origin, receiver } = openHooks(opened);
      hub.add("acme/own", { image: other, tags: ["v1"] });
      const gone = { kind: "delete", repository: "acme/own", tag: "v1" } as const;
      expect(await receiver.accept(gone, origin)).toBe("unconfirmed");
      hub.registry.repository("acme/own").tags.delete("v1");
      expect(await receiver.accept(gone, origin)).toBe("published");
      const severities = { critical: 1, high: 0, medium: 0, low: 2, unknown: 0 };
      const digest = image.digest as Digest;
      const scan = {
        kind: "vulnerability",
        repository: "library/app",
        digest,
        severities,
      } as const;
      expect(await receiver.accept(scan, origin)).toBe("published");
      expect(heard).toMatchObject([
        { type: "image.deleted", repository: "acme/own", tag: "v1" },
        { type: "image.scanned", repository: "library/app", digest, severities },
      ]);
    });
  });
}
