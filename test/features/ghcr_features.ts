import { describe, expect, it } from "vitest";
import { githubCredentials } from "../../src/ghcr/mod.ts";
import type { Digest } from "../../src/reference/mod.ts";
import { buildArtifact, buildIndex, digestOf, sightings } from "../../src/simulation/mod.ts";
import { APP, collect, PAT, streamOf, worldsOf } from "./ghcr_world.ts";
import type { ServeWorld } from "./serve_world.ts";

const MIB = 1024 * 1024;
const NEW = { ...APP, tag: "v2" };

/** One test for each operation of the registry, by name. */
export function ghcrFeatures(serve: ServeWorld): void {
  const open = worldsOf(serve);

  describe("GHCR images", () => {
    it("image exists", async () => {
      const { client } = await open();
      expect(await client.manifests.exists(APP)).toBe(true);
      expect(await client.manifests.exists({ ...APP, tag: "none" })).toBe(false);
    });

    it("pull manifest, by tag, by digest, for a platform", async () => {
      const { client, index } = await open();
      const digest = index.digest as Digest;
      expect((await client.manifests.get(APP)).bytes).toEqual(index.bytes);
      expect((await client.manifests.get({ ...APP, digest })).digest).toBe(digest);
      const arm = await client.manifests.get(APP, { platform: "linux/arm64" });
      expect(arm.digest).toBe(index.children[1]?.digest);
    });

    it("push manifest, after its blobs", async () => {
      const { client, ghcr, other } = await open();
      for (const { digest, content } of other.blobs) {
        await client.blobs.put(NEW, content.read(0, content.size), { digest });
      }
      const pushed = await client.manifests.put(NEW, other.bytes);
      expect(pushed.digest).toBe(other.digest);
      expect(ghcr.repository("acme/app").tags.get("v2")).toBe(other.digest);
    });

    it("push image: layers in parallel, proven there before the manifest", async () => {
      const { client, other, simulation } = await open();
      const blobOf = (digest: string): Uint8Array => {
        const blob = other.blobs.find((one) => one.digest === digest);
        return blob?.content.read(0, blob.content.size) ?? new Uint8Array(0);
      };
      const source = {
        manifest: () => ({ bytes: other.bytes }),
        openBlob: ({ digest }: { digest: string }) => blobOf(digest),
      };
      const pushed = await client.pushImage(NEW, source, { concurrency: 4 });
      expect(pushed).toMatchObject({ uploaded: 4, root: { digest: other.digest } });
      const put = simulation.log.findIndex(({ method, target }) =>
        method === "PUT" && target.includes("/manifests/")
      );
      const last = simulation.log.findLastIndex(({ target, status }) =>
        target.includes("/blobs/") && status === 201
      );
      expect(last).toBeLessThan(put);
    });

    it("pull image, every byte verified", async () => {
      const { client, index } = await open();
      const sizes: number[] = [];
      const pulled = await client.pullImage(APP, {
        openBlob: ({ size }) => ({
          write: () => Promise.resolve(),
          close: () => Promise.resolve(void sizes.push(size)),
          abort: () => Promise.resolve(),
        }),
        putManifest: () => {},
      });
      expect(pulled.root.digest).toBe(index.children[0]?.digest);
      expect(sizes).toHaveLength(3);
    });

    it("delete image, by tag and by digest, through the Packages API", async () => {
      const { client, ghcr, other } = await open();
      ghcr.add("acme/app", { image: other, tags: ["v2"] });
      await client.packages.deleteImage(NEW);
      expect(await client.manifests.exists(NEW)).toBe(false);
      ghcr.add("acme/app", { image: other, tags: ["v2"] });
      await client.manifests.delete({ ...APP, digest: other.digest as Digest });
      expect([...ghcr.repository("acme/app").tags.keys()]).toEqual(["v1"]);
    });

    it("copy image, by mounting its blobs", async () => {
      const { client, index, simulation } = await open();
      const to = { ...APP, repository: "acme/copy" };
      const copied = await client.copyImage(APP, to);
      expect(copied).toMatchObject({ uploaded: 0, root: { digest: index.digest } });
      expect(await client.manifests.exists(to)).toBe(true);
      expect(simulation.log.some(({ target }) => target.includes("from=acme%2Fapp"))).toBe(true);
    });
  });

  describe("GHCR tags", () => {
    it("list tags, page by page", async () => {
      const { client, ghcr, index } = await open();
      for (const tag of ["v2", "v3"]) ghcr.repository("acme/app").tags.set(tag, index.digest);
      ghcr.configure({ pageSize: 2 });
      expect(await collect(client.tags.list(APP))).toEqual(["v1", "v2", "v3"]);
    });

    it("tag an image", async () => {
      const { client, ghcr, index } = await open();
      await client.tags.put(APP, "stable");
      expect(ghcr.repository("acme/app").tags.get("stable")).toBe(index.digest);
    });

    it("delete a tag, and leave the image and its other tags", async () => {
      const { client, ghcr, index } = await open();
      await client.tags.put(APP, "stable");
      await client.tags.delete(APP, { viaEmptyManifest: true });
      expect([...ghcr.repository("acme/app").tags]).toEqual([["stable", index.digest]]);
      expect(ghcr.repository("acme/app").manifests.has(index.digest)).toBe(true);
    });
  });

  describe("GHCR blobs", () => {
    it("blob exists", async () => {
      const { client, index, other } = await open();
      const [there, missing] = [index.children[0]?.layers[0], other.layers[0]];
      expect(await client.blobs.exists(APP, there?.digest ?? "")).toBe(true);
      expect(await client.blobs.exists(APP, missing?.digest ?? "")).toBe(false);
    });

    it("get a blob from where GHCR keeps it, without any token", async () => {
      const { blobs, client, index, simulation } = await open();
      const [, layer] = index.children[0]?.layers ?? [];
      const bytes = await (await client.blobs.get(APP, layer?.digest ?? "")).bytes();
      expect(await digestOf(bytes)).toBe(layer?.digest);
      const seen = simulation.log.filter(({ host }) => host === blobs.origin);
      expect(seen.length).toBeGreaterThan(0);
      for (const { headers } of seen) expect(headers["authorization"]).toBeUndefined();
    });

    it("upload a blob", async () => {
      const { client } = await open();
      const bytes = crypto.getRandomValues(new Uint8Array(50_000));
      const { digest, outcome } = await client.blobs.put(APP, bytes);
      expect([digest, outcome]).toEqual([await digestOf(bytes), "uploaded"]);
      expect((await client.blobs.put(APP, bytes)).outcome).toBe("exists");
    });

    it("upload a stream in chunks of 4 MiB at most, with a running hash", async () => {
      const { client, simulation } = await open();
      const bytes = new Uint8Array(9 * MIB).map((_, i) => i >> 12);
      const pushed = await client.blobs.put(APP, streamOf(bytes, 100_000));
      expect(pushed).toMatchObject({ digest: await digestOf(bytes), size: bytes.length });
      const chunks = simulation.log.filter(({ method }) => method === "PATCH");
      expect(chunks.map(({ bodyBytes }) => bodyBytes)).toEqual([4 * MIB, 4 * MIB, MIB]);
    });

    it("mount a blob from another repository", async () => {
      const { client, index } = await open();
      const { digest = "" } = index.children[0]?.layers[0] ?? {};
      const to = { registry: "ghcr.io", repository: "acme/other" };
      expect(await client.blobs.mount(to, digest, { from: "acme/app" })).toBe(true);
      expect(await client.blobs.exists({ ...to, tag: "x" }, digest)).toBe(true);
    });
  });

  describe("GHCR's ways", () => {
    it("referrers are kept under the fallback tag", async () => {
      const { client, ghcr, simulation } = await open();
      const { digest } = await client.referrers.attach(APP, {
        artifactType: "application/spdx+json",
        layers: [{ content: new Uint8Array([1]), mediaType: "application/spdx+json" }],
      });
      expect((await collect(client.referrers.list(APP))).map((one) => one.digest)).toEqual([
        digest,
      ]);
      expect([...ghcr.repository("acme/app").tags.keys()].join()).toContain("sha256-");
      expect(simulation.log.some(({ target }) => target.includes("/referrers/"))).toBe(false);
    });

    it("303 to github.com means not found, and is not followed", async () => {
      const { client, simulation } = await open();
      const missing = { ...APP, tag: "none" };
      await expect(client.manifests.get(missing)).rejects.toMatchObject({ code: "NOT_FOUND" });
      expect(simulation.log.at(-1)?.status).toBe(303);
    });

    it("403 without a challenge for bad credentials: public images are pulled as nobody", async () => {
      const { clientWith, url } = await open();
      const [registry, apiUrl] = [url("ghcr.io"), url("api.github.com")];
      const token = "ghp_expired00112233";
      const bad = clientWith({ credentials: githubCredentials({ token, registry, apiUrl }) });
      expect(await bad.manifests.exists(APP)).toBe(true);
      await expect(bad.blobs.put(APP, new Uint8Array(1))).rejects.toMatchObject({
        code: "FORBIDDEN",
      });
    });

    it("names in upper case are refused with the lower-case spelling", async () => {
      const { client } = await open();
      expect(client.parseReference("acme/app:v1")).toEqual(APP);
      expect(() => client.parseReference("Acme/App:v1")).toThrow('"acme/app"');
      for (const text of ["", "app", "acme/app:"]) {
        expect(() => client.parseReference(text)).toThrow();
      }
    });
  });

  describe("GHCR attestations", () => {
    it("vulnerability report: what was attested, or that nothing was", async () => {
      const { client, ghcr, index } = await open();
      expect(await client.attestations.report(APP)).toMatchObject({ status: "unavailable" });
      const image = index.children[0] ?? index;
      const result = [{ id: "CVE-2026-1", severity: [{ method: "nvd", score: "9.1" }] }];
      const scan = await buildArtifact({
        artifactType: "application/vnd.in-toto+json",
        subject: image,
        content: JSON.stringify({
          _type: "https://in-toto.io/Statement/v1",
          subject: [{ digest: { sha256: image.digest.slice(7) } }],
          predicateType: "https://in-toto.io/attestation/vulns/v0.1",
          predicate: { scanner: { uri: "https://scanner.example.com", result } },
        }),
      });
      const tag = `${image.digest.replace(":", "-")}`;
      ghcr.add("acme/app", { image: await buildIndex({ manifests: [scan] }), tags: [tag] });
      expect(await client.attestations.report(APP)).toMatchObject({
        status: "available",
        digest: image.digest,
        counts: { critical: 1, high: 0 },
      });
    });
  });

  describe("GHCR secrets", () => {
    it("the token goes to the registry's token endpoint and to the API alone", async () => {
      const { client, events, index, lines, simulation, url } = await open();
      const [layer] = index.children[0]?.layers ?? [];
      await (await client.blobs.get(APP, layer?.digest ?? "")).bytes();
      await client.packages.find(APP);
      await client.health();
      const hosts = sightings(simulation.log, PAT).map(({ host, target }) => {
        return host === "https://ghcr.io" ? target.split("?")[0] : host;
      });
      expect(new Set(hosts)).toEqual(new Set(["/token", "https://api.github.com"]));
      expect(JSON.stringify(events) + lines.join()).not.toContain(PAT);
      expect(url("ghcr.io")).not.toContain(PAT);
    });
  });
}
