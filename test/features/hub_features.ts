import { describe, expect, it } from "vitest";
import { encodeUtf8, isTidegateError, Secret } from "../../src/core/mod.ts";
import { memoryKv } from "../../src/kv/mod.ts";
import { parseReference } from "../../src/reference/mod.ts";
import { buildArtifact, buildIndex, digestOf } from "../../src/simulation/mod.ts";
import { sourceOf } from "../support/image_sources.ts";
import { collect, failure, ORG_TOKEN, PASSWORD, READ_TOKEN, worldsOf } from "./hub_world.ts";
import type { ServeWorld } from "./serve_world.ts";

const APP = parseReference("docker.io/library/app:v1");
const OWN = parseReference("acme/own:v1");
const VULNS = "https://in-toto.io/attestation/vulns/v0.1";

/** An in-toto statement with one finding of each rating. */
function statement(digest: string, ratings: readonly string[]): string {
  const result = ratings.map((score, i) => ({
    id: `CVE-${i}`,
    severity: [{ method: "x", score }],
  }));
  return JSON.stringify({
    _type: "https://in-toto.io/Statement/v1",
    subject: [{ name: "app", digest: { sha256: digest.slice("sha256:".length) } }],
    predicateType: VULNS,
    predicate: { scanner: { uri: "pkg:scanner", result } },
  });
}

/**
 * One test for each requirement of the Docker Hub module, through whatever the runtime serves a
 * simulation by.
 */
export function hubFeatures(serve: ServeWorld): void {
  const world = worldsOf(serve);

  describe("Docker Hub: login and tokens", () => {
    it("F-01 logs in with a user name and password, and says when a code is wanted", async () => {
      const { client, trail } = await world();
      const ann = client({ username: "ann", password: PASSWORD });
      expect(await ann.login()).toMatchObject({ phase: "valid" });
      expect(trail()).toEqual(["POST hub.docker.com /v2/auth/token"]);
      const bob = client({ username: "bob", password: PASSWORD });
      const error = await failure(bob.login());
      if (!isTidegateError(error, "TWO_FACTOR_REQUIRED")) throw error;
      const { loginToken } = error.details;
      expect(JSON.stringify(error)).not.toContain(loginToken.reveal());
      expect(await failure(bob.login({ loginToken, code: "000000" }))).toMatchObject({
        code: "UNAUTHORIZED",
      });
      expect(await bob.login({ loginToken, code: "123456" })).toMatchObject({ phase: "valid" });
    });

    it("F-02 logs in with a personal access token, or an organisation's", async () => {
      const { ann, client, trail } = await world();
      expect(await ann().login()).toMatchObject({ phase: "valid" });
      const acme = client({ username: "acme", accessToken: ORG_TOKEN });
      expect(await acme.login()).toMatchObject({ phase: "valid" });
      const wrong = client({ username: "ann", accessToken: "dckr_pat_wrong" });
      expect(await failure(wrong.login())).toMatchObject({ code: "UNAUTHORIZED" });
      // a token that was refused is not shown a second time
      expect(trail()).toEqual(Array(3).fill("POST hub.docker.com /v2/auth/token"));
    });

    it("F-03 renews the login before it ends, and after it was refused", async () => {
      const { ann, clock, hub, trail } = await world();
      const client = ann();
      await client.repositories.get("app");
      expect(trail()).toHaveLength(2);
      clock.shift(575_000); // of 600 seconds
      expect(client.loginStatus().phase).toBe("expiring");
      await client.repositories.get("app");
      expect(trail()[0]).toBe("POST hub.docker.com /v2/auth/token");
      expect(client.loginStatus().phase).toBe("valid");
      hub.api.revokeAll();
      await Promise.all([1, 2, 3].map(() => client.repositories.get("app")));
      expect(trail().filter((line) => line.startsWith("POST"))).toHaveLength(1);
      expect(hub.api.issued).toHaveLength(3);
    });

    it("F-04 gets a registry token by the challenge, for what is asked and no more", async () => {
      const { ann, hub, requests } = await world();
      await ann().manifests.head(APP);
      const [refused, asked] = requests();
      expect(refused).toMatchObject({ status: 401 });
      expect(asked?.host).toBe(hub.tokens.origin);
      const said = asked?.target + new TextDecoder().decode(asked?.body);
      expect(decodeURIComponent(said)).toContain("repository:library/app:pull");
      expect(hub.tokens.grantOf(hub.tokens.issued[0] ?? "")).toMatchObject({
        user: "ann",
        scopes: [{ name: "library/app", actions: ["pull"] }],
      });
    });

    it("F-05 keeps tokens by scope, sealed, where another client finds them", async () => {
      const { ann, hub, simulation } = await world();
      const kv = memoryKv();
      const sealingKeys = [new Secret("k".repeat(32))];
      await Promise.all([1, 2, 3].map(() => ann({ kv, sealingKeys }).manifests.head(APP)));
      const before = hub.tokens.issued.length;
      const other = ann({ kv, sealingKeys });
      await other.manifests.head(APP);
      expect(hub.tokens.issued).toHaveLength(before);
      await other.blobs.exists(OWN, `sha256:${"0".repeat(64)}`).catch(() => {});
      expect(hub.tokens.issued).toHaveLength(before + 1);
      await other.login();
      const logins = hub.api.issued.length;
      await ann({ kv, sealingKeys }).repositories.get("app");
      expect(hub.api.issued).toHaveLength(logins);
      expect(simulation.log.length).toBeGreaterThan(0);
    });
  });

  describe("Docker Hub: repositories", () => {
    it("F-06 lists repositories, page by page", async () => {
      const { ann, client, hub, trail } = await world();
      for (let i = 0; i < 25; i++) hub.api.add(`acme/r${String(i).padStart(2, "0")}`);
      hub.api.add("acme/secret", { isPrivate: true });
      const listed = await collect(client().repositories.list("acme", { pageSize: 10 }));
      expect(listed).toHaveLength(25);
      expect(trail()).toHaveLength(3);
      const own = await collect(ann().repositories.list("acme"));
      expect(own.filter(({ isPrivate }) => isPrivate).map(({ name }) => name)).toEqual(["secret"]);
    });

    it("F-07 gets a repository's details, and makes, changes and deletes one", async () => {
      const { ann, client, hub } = await world();
      expect(await client().repositories.get("app")).toMatchObject({
        namespace: "library",
        name: "app",
        pulls: 5_000_000,
      });
      const { repositories } = ann();
      expect(await repositories.exists("acme/new")).toBe(false);
      const made = await repositories.create("acme/new", { description: "d", isPrivate: true });
      expect(made).toMatchObject({ description: "d", isPrivate: true });
      expect(await repositories.update("acme/new", { fullDescription: "long" })).toMatchObject({
        fullDescription: "long",
        permissions: { admin: true },
      });
      await repositories.setPrivacy("acme/new", false);
      expect(hub.api.repositories.get("acme/new")?.isPrivate).toBe(false);
      await repositories.delete("acme/new");
      expect(await repositories.exists("acme/new")).toBe(false);
    });

    it("F-08 searches", async () => {
      const { client, hub } = await world();
      for (let i = 0; i < 30; i++) hub.api.add(`acme/web${i}`, { stars: i });
      const found = await collect(client().search("web", { pageSize: 20 }));
      expect(found).toHaveLength(30);
      expect(found[7]).toMatchObject({ name: "acme/web7", stars: 7 });
      const official = await collect(client().search("app", { badges: ["official"] }));
      expect(official).toMatchObject([{ name: "app", badge: "official", pulls: 5_000_000 }]);
    });
  });

  describe("Docker Hub: manifests", () => {
    it("F-09 gets a manifest by tag", async () => {
      const { client, index } = await world();
      const got = await client().manifests.get(APP);
      expect(got.digest).toBe(index.digest);
      expect(got.bytes).toEqual(index.bytes);
    });

    it("F-10 gets a manifest by digest, and no other than that", async () => {
      const { client, image, simulation } = await world();
      const ref = parseReference(`library/app@${image.digest}`);
      expect((await client().manifests.get(ref)).bytes).toEqual(image.bytes);
      simulation.faults.add({
        path: "*/manifests/*",
        method: "GET",
        action: { kind: "flip", at: 9 },
      });
      expect(await failure(client().manifests.get(ref))).toMatchObject({ code: "DIGEST_MISMATCH" });
    });

    it("F-11 pushes a manifest, byte for byte", async () => {
      const { ann, hub, other } = await world();
      const client = ann();
      const pushed = await client.pushImage(OWN, sourceOf(other));
      expect(pushed.root.digest).toBe(other.digest);
      await client.manifests.put(parseReference("acme/own:v2"), other.bytes);
      const { tags, manifests } = hub.registry.repository("acme/own");
      expect(tags.get("v2")).toBe(other.digest);
      expect(manifests.get(other.digest)?.bytes).toEqual(other.bytes);
    });

    it("F-12 deletes a manifest", async () => {
      const { ann, hub, other } = await world();
      hub.add("acme/own", { image: other, tags: ["v1"] });
      await ann().manifests.delete(parseReference(`acme/own@${other.digest}`));
      expect(await ann().manifests.exists(OWN)).toBe(false);
    });

    it("F-13 picks a platform, with variants, or says which there are", async () => {
      const { client, image } = await world();
      const hub = client();
      expect((await hub.manifests.get(APP, { platform: "linux/amd64" })).digest).toBe(image.digest);
      const arm = await hub.manifests.get(APP, { platform: "linux/arm/v7" });
      expect(arm.descriptor?.platform).toMatchObject({ architecture: "arm", variant: "v6" });
      const error = await failure(hub.manifests.get(APP, { platform: "windows/amd64" }));
      expect(error).toMatchObject({
        code: "PLATFORM_NOT_FOUND",
        details: { available: ["linux/amd64", "linux/arm/v6"] },
      });
    });
  });

  describe("Docker Hub: tags", () => {
    it("F-14 lists tags, at the registry and with what the Hub knows of them", async () => {
      const { client, hub, index, other } = await world();
      hub.registry.configure({ pageSize: 2 });
      hub.registry.add("library/app", { image: other, tags: ["v3", "v4", "v5"] });
      expect(await collect(client().tags.list(APP))).toEqual(["v1", "v2", "v3", "v4", "v5"]);
      const details = await collect(client().tags.details("app", { pageSize: 2 }));
      expect(details.map(({ name }) => name)).toEqual(["v1", "v2", "v3", "v4", "v5"]);
      const tag = await client().tags.get(APP);
      expect(tag).toMatchObject({ name: "v1", digest: index.digest, status: "active" });
      expect(tag.images).toHaveLength(2);
    });

    it("F-15 deletes a tag through the Hub, as its registry refuses", async () => {
      const { ann, client, hub, other, trail } = await world();
      hub.add("acme/own", { image: other, tags: ["v1", "keep"] });
      await ann().tags.delete(OWN);
      expect(trail().at(-1)).toBe("DELETE hub.docker.com /v2/repositories/acme/own/tags/v1/");
      expect([...hub.registry.repository("acme/own").tags.keys()]).toEqual(["keep"]);
      expect(await failure(ann().tags.delete(OWN))).toMatchObject({ code: "NOT_FOUND" });
      expect(await failure(client().tags.delete(OWN))).toMatchObject({ code: "CREDENTIALS" });
      const reader = client({ username: "ann", accessToken: READ_TOKEN });
      expect(await failure(reader.tags.delete(OWN))).toMatchObject({
        code: "FORBIDDEN",
        message: expect.stringContaining("personal access token"),
      });
    });
  });

  describe("Docker Hub: blobs", () => {
    it("F-16 asks whether a blob is there", async () => {
      const { client, image } = await world();
      const digest = image.layers[1]?.digest ?? "";
      expect(await client().blobs.head(APP, digest)).toMatchObject({ size: 200_000 });
      expect(await client().blobs.exists(APP, `sha256:${"0".repeat(64)}`)).toBe(false);
    });

    it("F-17 downloads a blob, verified, and goes on where the connection broke", async () => {
      const { client, events, image, simulation } = await world();
      const digest = image.layers[1]?.digest ?? "";
      simulation.faults.add({
        path: `*/blobs/${digest}`,
        method: "GET",
        authorized: true,
        first: 1,
        action: { kind: "cut", at: 150_000, by: "close" },
      });
      const blob = await client().blobs.get(APP, digest);
      expect(await digestOf(await blob.bytes())).toBe(digest);
      expect(events.map(({ type }) => type)).toContain("blob.resumed");
    });

    it("F-18 uploads a blob in one request", async () => {
      const { ann, hub } = await world();
      const bytes = encodeUtf8("a small blob");
      const digest = await digestOf(bytes);
      const pushed = await ann().blobs.put(OWN, bytes, { digest });
      expect(pushed).toMatchObject({ digest, outcome: "uploaded", sentBytes: bytes.length });
      expect(hub.registry.repository("acme/own").blobs.has(digest)).toBe(true);
    });

    it("F-19 uploads a blob in chunks", async () => {
      const { ann, requests } = await world();
      const bytes = new Uint8Array(300_000).fill(7);
      const stream = new Blob([bytes]).stream();
      const pushed = await ann({ chunkBytes: 100_000 }).blobs.put(OWN, stream);
      expect(pushed).toMatchObject({ digest: await digestOf(bytes), size: 300_000 });
      const sizes = requests().filter(({ method }) => method === "PATCH").map((one) =>
        one.bodyBytes
      );
      expect(sizes).toEqual([100_000, 100_000, 100_000]);
    });

    it("F-20 mounts a blob from another repository, or uploads it", async () => {
      const { ann, hub, image } = await world();
      const digest = image.layers[1]?.digest ?? "";
      expect(await ann().blobs.mount(OWN, digest, { from: "library/app" })).toBe(true);
      expect(hub.registry.repository("acme/own").blobs.has(digest)).toBe(true);
      const bytes = encodeUtf8("nowhere else");
      const pushed = await ann().blobs.put(OWN, bytes, {
        digest: await digestOf(bytes),
        from: "library/app",
      });
      expect(pushed.outcome).toBe("uploaded");
    });

    it("F-21 continues an upload from its record in another process", async () => {
      const { ann, requests } = await world();
      const bytes = new Uint8Array(400_000).map((_, i) => i % 251);
      const digest = await digestOf(bytes);
      const stop = new AbortController();
      let record = "";
      await ann({ chunkBytes: 100_000 }).blobs.put(OWN, new Blob([bytes]).stream(), {
        digest,
        size: bytes.length,
        signal: stop.signal,
        onRecord(found): void {
          record = JSON.stringify(found);
          if (found.offset >= 200_000) stop.abort(new Error("killed"));
        },
      }).catch(() => {});
      requests();
      const pushed = await ann().blobs.resumeUpload(JSON.parse(record), bytes);
      expect(pushed.digest).toBe(digest);
      const sent = requests().reduce((sum, { kind, bodyBytes }) => {
        return kind === "registry" ? sum + bodyBytes : sum;
      }, 0);
      expect(sent).toBeLessThanOrEqual(200_000);
    });
  });

  describe("Docker Hub: scans, limits", () => {
    it("F-22 counts vulnerabilities: by Scout, by attestations, by referrers, or not at all", async () => {
      const { client, hub, image } = await world();
      const { scans } = client();
      expect(await scans.overview(APP)).toMatchObject({
        state: "unavailable",
        digest: image.digest,
        misses: [{ source: "scout" }, { source: "attestation" }, { source: "referrers" }],
      });
      const report = { critical: 1, high: 2, medium: 3, low: 4, unspecified: 5 };
      hub.scout.configure({ scans: { [image.digest]: report } });
      expect(await scans.overview(APP)).toMatchObject({
        state: "scanned",
        source: "scout",
        severities: { critical: 1, high: 2, medium: 3, low: 4, unknown: 5 },
        total: 15,
      });
      hub.scout.configure({ scans: {} });
      const attestation = await buildArtifact({
        artifactType: "application/vnd.in-toto+json",
        content: statement(image.digest, ["CRITICAL", "9.8", "low"]),
      });
      const layers = JSON.parse(new TextDecoder().decode(attestation.bytes)).layers;
      const annotated = await buildArtifact({
        artifactType: "application/vnd.in-toto+json",
        content: statement(image.digest, ["CRITICAL", "9.8", "low"]),
        extra: { layers: [{ ...layers[0], annotations: { "in-toto.io/predicate-type": VULNS } }] },
      });
      const annotations = {
        "vnd.docker.reference.type": "attestation-manifest",
        "vnd.docker.reference.digest": image.digest,
      };
      const platform = { os: "unknown", architecture: "unknown" };
      const descriptor = { ...annotated.descriptor, annotations, platform };
      const attested = await buildIndex({ manifests: [image, { ...annotated, descriptor }] });
      hub.add("library/attested", { image: attested, tags: ["v1"] });
      expect(await scans.overview(parseReference("attested:v1"))).toMatchObject({
        source: "attestation",
        severities: { critical: 2, low: 1 },
        scanner: "pkg:scanner",
      });
      const referrer = await buildArtifact({
        artifactType: "application/vnd.in-toto+json",
        content: statement(image.digest, ["high"]),
        subject: image.descriptor,
        extra: {
          layers: [{
            mediaType: "application/vnd.in-toto+json",
            digest: await digestOf(encodeUtf8(statement(image.digest, ["high"]))),
            size: encodeUtf8(statement(image.digest, ["high"])).length,
            annotations: { "in-toto.io/predicate-type": VULNS },
          }],
        },
      });
      hub.add("library/referred", { image, tags: ["v1"] });
      hub.registry.add("library/referred", { image: referrer });
      expect(await scans.overview(parseReference("referred:v1"))).toMatchObject({
        source: "referrers",
        severities: { high: 1 },
      });
    });

    it("F-24 keeps the pull limit: asks before, warns, refuses, recovers, batches", async () => {
      const pulls = { limit: 3, windowSeconds: 200, users: { ann: Infinity } };
      const { ann, client, clock, events, requests } = await world({ pulls });
      const hub = client();
      expect(hub.rateLimitStatus()).toMatchObject({
        limit: 100,
        remaining: 100,
        authenticated: false,
      });
      await hub.manifests.get(APP);
      await hub.manifests.get(APP);
      expect(hub.rateLimitStatus()).toMatchObject({ limit: 3, remaining: 1, windowSeconds: 200 });
      await hub.manifests.get(APP);
      requests();
      const error = await failure(hub.manifests.get(APP));
      expect(error).toMatchObject({
        code: "PULL_LIMIT_EXCEEDED",
        details: { isAuthenticated: false, suggestion: expect.stringContaining("log in") },
      });
      expect(requests()).toEqual([]); // nothing was sent
      expect(await hub.manifests.exists(APP)).toBe(true); // HEAD is free
      expect(events.filter(({ type }) => type === "rate_limit.low")).toHaveLength(1);
      const batch = await collect(hub.pullBatch([APP, APP], { waitMs: 0 }));
      expect(batch.map(({ result }) => result.ok)).toEqual([false, false]);
      clock.shift(200_000);
      expect((await collect(hub.pullBatch([APP])))[0]).toMatchObject({
        image: APP,
        result: { ok: true },
        rateLimitRemaining: 2,
      });
      const paid = ann();
      await paid.manifests.get(APP);
      expect(paid.rateLimitStatus()).toMatchObject({ remaining: undefined, authenticated: true });
    });

    it.each(["ratelimit-", "x-ratelimit-"] as const)(
      "F-25 reads the limit's headers, spelt %s, with the window as they say it",
      async (prefix) => {
        const { client } = await world({ pulls: { limit: 100, windowSeconds: 3600, prefix } });
        const hub = client();
        await hub.manifests.head(APP);
        expect(hub.rateLimitStatus()).toMatchObject({
          limit: 100,
          remaining: 100,
          windowSeconds: 3600,
          source: "192.0.2.1",
        });
      },
    );
  });
}
