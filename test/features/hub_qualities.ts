import { describe, expect, it } from "vitest";
import { Secret, TidegateError } from "../../src/core/mod.ts";
import { memoryKv } from "../../src/kv/mod.ts";
import { parseReference } from "../../src/reference/mod.ts";
import { requestText, sightings } from "../../src/simulation/mod.ts";
import { ACCESS_TOKEN, collect, failure, PASSWORD, worldsOf } from "./hub_world.ts";
import type { ServeWorld } from "./serve_world.ts";

const APP = parseReference("docker.io/library/app:v1");
const OWN = parseReference("acme/own:v1");

/** One test for each requirement of quality of the Docker Hub module. */
export function hubQualities(serve: ServeWorld): void {
  const world = worldsOf(serve);

  describe("Docker Hub: not functional", () => {
    it.each(["", "null", "[]", "<html>", '{"results":7}', '{"results":[{}]}', '{"next":"//x"}'])(
      "NF-01 throws nothing untyped for the answer %j",
      async (body) => {
        const { ann, simulation } = await world();
        simulation.faults.add({
          path: /^\/(?:v2\/namespaces|v2\/repositories|api)\//,
          action: { kind: "answer", status: 200, body },
        });
        const hub = ann();
        const calls = [
          collect(hub.repositories.list("acme")),
          hub.repositories.get("acme/own"),
          collect(hub.tags.details("acme/own")),
          hub.tags.get(OWN),
          collect(hub.search("x")),
        ];
        for (const call of await Promise.allSettled(calls)) {
          if (call.status === "rejected") expect(call.reason).toBeInstanceOf(TidegateError);
        }
      },
    );

    it.each([
      [401, "UNAUTHORIZED"],
      [403, "FORBIDDEN"],
      [404, "NOT_FOUND"],
      [418, "UNEXPECTED_RESPONSE"],
      [429, "RATE_LIMITED"],
      [500, "SERVER_ERROR"],
    ])("NF-02 makes a typed error of status %i", async (status, code) => {
      const { client, simulation } = await world();
      simulation.faults.add({
        path: "/v2/namespaces/*",
        action: { kind: "answer", status, body: '{"detail":"no"}' },
      });
      const error = await failure(client().repositories.get("acme/own"));
      expect(error.code).toBe(code);
      expect(error).toMatchObject({ name: "TidegateError", details: { status } });
    });

    it("NF-03 shows no credential: not in events, logs, errors or to other hosts", async () => {
      const { ann, client, events, hub, lines, simulation } = await world();
      const bob = client({ username: "bob", password: PASSWORD });
      const errors = [
        await failure(bob.login()),
        await failure(client({ username: "ann", password: "wrong" }).login()),
        await failure(ann().repositories.get("acme/none")),
        await failure(ann().manifests.get(parseReference("acme/none:v1"))),
      ];
      await ann().scans.overview(APP);
      await ann().pullBatch([APP])[Symbol.asyncIterator]().next();
      const shown = [
        JSON.stringify([events, lines, errors]),
        ...errors.flatMap((error) => [String(error), error.stack ?? "", JSON.stringify(error)]),
      ].join("\n");
      const secrets = [PASSWORD, ACCESS_TOKEN, ...hub.api.issued, ...hub.tokens.issued];
      expect(secrets.filter((secret) => shown.includes(secret))).toEqual([]);
      const scout = simulation.log.filter(({ host }) => host === hub.scout.origin);
      expect(scout.length).toBeGreaterThan(0);
      expect(secrets.flatMap((secret) => sightings(scout, secret))).toEqual([]);
      const atRegistry = simulation.log.filter(({ host }) => host === hub.registry.origin);
      expect(atRegistry.map(requestText).join("\n")).not.toContain(ACCESS_TOKEN);
    });

    it("NF-04 holds secrets as bytes that can be wiped, and seals those it stores", async () => {
      const { ann, hub } = await world();
      const kept: string[] = [];
      const inner = memoryKv();
      const kv = {
        ...inner,
        put: async (name: string, value: Uint8Array, more?: object): Promise<void> => {
          kept.push(name + new TextDecoder("latin1").decode(value));
          await inner.put(name, value, more);
        },
      };
      const client = ann({ kv, sealingKeys: [new Secret("k".repeat(32))] });
      await client.login();
      await client.manifests.head(APP);
      expect(kept.length).toBeGreaterThan(1);
      const secrets = [ACCESS_TOKEN, ...hub.api.issued, ...hub.tokens.issued];
      expect(secrets.filter((secret) => kept.join("\n").includes(secret))).toEqual([]);
      const secret = new Secret(ACCESS_TOKEN);
      secret[Symbol.dispose]();
      expect(secret.revealBytes().every((byte) => byte === 0)).toBe(true);
    });

    it("NF-05 verifies the digest of everything it hands out", async () => {
      const { client, image, simulation } = await world();
      simulation.faults.add({ path: "*/blobs/*", method: "GET", action: { kind: "flip", at: -1 } });
      const hub = client();
      const config = JSON.parse(new TextDecoder().decode(image.bytes)).config.digest;
      const blob = await hub.blobs.get(APP, config);
      expect(await failure(blob.bytes())).toMatchObject({ code: "DIGEST_MISMATCH" });
      const sink = {
        openBlob: () => ({ write: async () => {}, close: async () => {}, abort: async () => {} }),
        putManifest: () => {},
      };
      expect(await failure(hub.pullImage(APP, sink))).toMatchObject({ code: "DIGEST_MISMATCH" });
    });

    it("NF-06 waits after 429, as long as it is told to", async () => {
      const { client, requests, simulation } = await world();
      simulation.faults.add({
        path: "/v2/namespaces/*",
        first: 1,
        action: { kind: "answer", status: 429, retryAfter: 1, body: '{"detail":"slow down"}' },
      });
      const startedAt = Date.now();
      await client().repositories.get("app");
      expect(Date.now() - startedAt).toBeGreaterThanOrEqual(990);
      expect(requests().map(({ status }) => status)).toEqual([429, 200]);
    });

    it("NF-07 repeats after 5xx, later each time", async () => {
      const { client, events, requests, simulation } = await world();
      simulation.faults.add({
        path: "/v2/namespaces/*",
        first: 3,
        action: { kind: "answer", status: 503, body: "" },
      });
      await client({ transport: { retry: { baseMs: 8 } }, random: half() }).repositories.get("app");
      expect(requests().map(({ status }) => status)).toEqual([503, 503, 503, 200]);
      const delays = events.flatMap((event) =>
        event.type === "request.retried" ? event.delayMs : []
      );
      expect(delays).toEqual([4, 8, 16]);
    });

    it("NF-08 stops calling a host that keeps failing", async () => {
      const { client, events, requests, simulation } = await world();
      simulation.faults.add({ action: { kind: "answer", status: 500, body: "" } });
      const hub = client({ transport: { retry: { attempts: 1 } } });
      for (let i = 0; i < 5; i++) await failure(hub.repositories.get("app"));
      expect(events.map(({ type }) => type)).toContain("circuit.opened");
      requests();
      expect(await failure(hub.repositories.get("app"))).toMatchObject({ code: "CIRCUIT_OPEN" });
      expect(requests()).toEqual([]);
    });

    it("NF-09 calls it again when it has recovered", async () => {
      const { ann, clock, events, simulation } = await world();
      const heal = simulation.faults.add({ action: { kind: "answer", status: 503, body: "" } });
      const hub = ann({ transport: { retry: { attempts: 1 } } });
      for (let i = 0; i < 6; i++) await failure(hub.repositories.get("app"));
      heal();
      clock.shift(30_000);
      // the login is the first good probe, the call the second
      expect(await hub.repositories.get("app")).toMatchObject({ name: "app" });
      expect(events.map(({ type }) => type)).toContain("circuit.closed");
      expect(await hub.health()).toMatchObject({ healthy: true, error: undefined });
    });

    it("NF-10 compares digests whole, wherever they differ", async () => {
      const { client, hub, image } = await world();
      const { digest } = image;
      const [first = "", last = ""] = [digest[7], digest.at(-1)];
      const wrong = [
        `sha256:${first === "0" ? "1" : "0"}${digest.slice(8)}`,
        `${digest.slice(0, -1)}${last === "0" ? "1" : "0"}`,
      ];
      const { manifests } = hub.registry.repository("library/app");
      const stored = manifests.get(digest);
      if (stored === undefined) throw new TypeError("not stored");
      for (const asked of wrong) {
        manifests.set(asked, { ...stored, digest: asked });
        const error = await failure(client().manifests.get(parseReference(`library/app@${asked}`)));
        expect(error).toMatchObject({
          code: "DIGEST_MISMATCH",
          details: { expected: asked, computed: digest },
        });
      }
    });
  });
}

function half(): { float(): number; bytes(length: number): Uint8Array<ArrayBuffer> } {
  return { float: () => 0.5, bytes: (length) => crypto.getRandomValues(new Uint8Array(length)) };
}
