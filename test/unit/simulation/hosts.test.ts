import { describe, expect, it } from "vitest";
import { buildImage, createSimulation, requestText } from "../../../src/simulation/mod.ts";
import type { RegistryQuirks } from "../../../src/simulation/mod.ts";
import { bench, codesOf } from "./support.ts";
import type { Bench } from "./support.ts";

interface Redirecting extends Bench {
  readonly path: string;
  fetchUrl(url: string, init?: RequestInit): Promise<Response>;
}

async function redirecting(): Promise<Redirecting> {
  const made = bench();
  const cdn = made.simulation.blobHost("cdn.test");
  made.registry.configure({ redirect: { to: cdn } });
  const image = await buildImage({ layers: [5000] });
  made.registry.add("a", { image });
  return {
    ...made,
    path: `/v2/a/blobs/${image.layers[0]?.digest}`,
    fetchUrl: (url, init) => made.simulation.fetch(new Request(url, init)),
  };
}

describe("blob host", () => {
  it("serves what a registry signed, with ranges", async () => {
    const { get, path, fetchUrl } = await redirecting();
    const hop = await get(path);
    expect(hop.status).toBe(307);
    const location = hop.headers.get("location") ?? "";
    expect(location).toMatch(
      /^https:\/\/cdn\.test\/blobs\/sha256:[0-9a-f]+\?expires=\d+&signature=/,
    );
    expect((await (await fetchUrl(location)).arrayBuffer()).byteLength).toBe(5000);
    const part = await fetchUrl(location, { headers: { range: "bytes=10-19" } });
    expect([part.status, part.headers.get("content-range")]).toEqual([206, "bytes 10-19/5000"]);
  });

  it("refuses Authorization, another signature, and a late request", async () => {
    const { get, path, fetchUrl, clock } = await redirecting();
    const location = (await get(path)).headers.get("location") ?? "";
    const headers = { authorization: "Bearer x" };
    expect((await fetchUrl(location, { headers })).status).toBe(400);
    expect((await fetchUrl(location.slice(0, -1))).status).toBe(403);
    const other = location.replace(/sha256:[0-9a-f]+/, `sha256:${"0".repeat(64)}`);
    expect((await fetchUrl(other)).status).toBe(403);
    clock.move(300_000);
    const late = await fetchUrl(location);
    expect([late.status, await late.text()]).toEqual([
      403,
      expect.stringContaining("ExpiredToken"),
    ]);
  });

  it("may refuse HEAD of a URL signed for GET", async () => {
    const { get, path, fetchUrl, simulation } = await redirecting();
    const location = (await get(path)).headers.get("location") ?? "";
    expect((await fetchUrl(location, { method: "HEAD" })).status).toBe(200);
    simulation.blobHost("cdn.test").configure({ allowsHead: false, authorization: "ignore" });
    expect((await fetchUrl(location, { method: "HEAD" })).status).toBe(403);
    expect((await fetchUrl(location, { headers: { authorization: "x" } })).status).toBe(200);
  });
});

describe("trap", () => {
  it("records every byte and header, and answers what it is told", async () => {
    const simulation = createSimulation();
    const trap = simulation.trap("http://10.0.0.1:8080");
    const request = (): Request =>
      new Request("http://10.0.0.1:8080/a?b=c", {
        method: "PUT",
        headers: { authorization: "Basic canary", cookie: "id=canary" },
        body: "layer canary",
      });
    expect((await simulation.fetch(request())).status).toBe(404);
    trap.answer(({ method }) => ({
      status: 401,
      headers: { "www-authenticate": 'Basic realm="x"' },
      body: method,
    }));
    const answer = await simulation.fetch(request());
    expect([answer.status, await answer.text()]).toEqual([401, "PUT"]);
    const text = requestText(simulation.log[0] ?? expect.fail());
    expect(text.match(/canary/g)).toHaveLength(3);
    expect(text).toContain("PUT /a?b=c");
  });
});

describe("createSimulation()", () => {
  it("a trap named * stands for every host that is not there", async () => {
    const simulation = createSimulation();
    simulation.registry("registry.test");
    simulation.trap("*", { status: 418 });
    for (const url of ["http://127.1/x", "https://[::1]:8/", "https://elsewhere.test/"]) {
      expect((await simulation.fetch(new Request(url))).status).toBe(418);
    }
    expect((await simulation.fetch(new Request("https://registry.test/v2/"))).status).toBe(200);
    expect(simulation.log.map(({ host, url }) => [host, url])[0]).toEqual([
      "*",
      "http://127.0.0.1/x",
    ]);
  });

  it("a host has one kind, and is the same when asked for again", () => {
    const simulation = createSimulation();
    const registry = simulation.registry("registry.test");
    expect(simulation.registry("https://registry.test")).toBe(registry);
    expect(() => simulation.trap("registry.test")).toThrow(TypeError);
    expect(simulation.hosts()).toEqual([registry]);
  });

  it("redirects are followed as a platform does, without Authorization across origins", async () => {
    const { simulation, path } = await redirecting();
    const url = `https://registry.test${path}`;
    const headers = { authorization: "Bearer x" };
    const response = await simulation.fetch(new Request(url, { headers }));
    expect(response.status).toBe(200);
    expect(response.url).toMatch(/^https:\/\/cdn\.test/);
    expect(simulation.log.map(({ headers }) => headers["authorization"])).toEqual([
      "Bearer x",
      undefined,
    ]);
    const strict = new Request(url, { redirect: "error" });
    await expect(simulation.fetch(strict)).rejects.toThrow(TypeError);
  });

  it("a loop of redirects ends; 303 turns into GET", async () => {
    const simulation = createSimulation();
    const trap = simulation.trap("t.test", { status: 302, headers: { location: "/again" } });
    await expect(simulation.fetch(new Request("https://t.test/"))).rejects.toThrow(/redirects/);
    trap.answer(({ method }) =>
      method === "POST" ? { status: 303, headers: { location: "/x" } } : { status: 200 }
    );
    simulation.log.length = 0;
    await simulation.fetch(new Request("https://t.test/", { method: "POST", body: "x" }));
    expect(simulation.log.map(({ method, bodyBytes }) => [method, bodyBytes]))
      .toEqual([["POST", 1], ["GET", 0]]);
  });

  it("a body is not sent again after a redirect that keeps the method", async () => {
    const simulation = createSimulation();
    simulation.trap("t.test", { status: 307, headers: { location: "/x" } });
    const request = new Request("https://t.test/", { method: "PUT", body: "x" });
    await expect(simulation.fetch(request)).rejects.toThrow(/sent again/);
  });

  it("an aborted request rejects with its reason", async () => {
    const { simulation } = bench();
    const reason = new Error("stop");
    const request = new Request("https://registry.test/v2/", { signal: AbortSignal.abort(reason) });
    await expect(simulation.fetch(request)).rejects.toBe(reason);
    expect(simulation.log).toEqual([]);
  });

  it("a request that is never answered ends with its signal", async () => {
    const { simulation } = bench();
    simulation.faults.add({ action: { kind: "drop", by: "stall" } });
    const controller = new AbortController();
    const { signal } = controller;
    const asked = simulation.fetch(new Request("https://registry.test/v2/", { signal }));
    setTimeout(() => controller.abort(), 5);
    await expect(asked).rejects.toThrow(/abort/i);
  });
});

describe("quirks", () => {
  async function quirky(quirks: RegistryQuirks): Promise<Bench & { blob: string }> {
    const made = bench({ quirks });
    const image = await buildImage({ layers: [5000] });
    made.registry.add("a", { image, tags: ["x", "b"] });
    return { ...made, blob: `/v2/a/blobs/${image.layers[0]?.digest}` };
  }

  const ranged = { headers: { range: "bytes=10-19" } };

  it("HEAD has a status of its own", async () => {
    const { get } = await quirky({ headStatus: 405 });
    expect((await get("/v2/a/manifests/x", { method: "HEAD" })).status).toBe(405);
  });

  it("no digest header, or a wrong one", async () => {
    const none = await quirky({ noDigestHeader: true });
    for (const path of ["/v2/a/manifests/x", none.blob]) {
      expect((await none.get(path)).headers.has("docker-content-digest")).toBe(false);
    }
    const wrong = await quirky({ digestHeader: "sha256:lie" });
    expect((await wrong.get("/v2/a/manifests/x")).headers.get("docker-content-digest"))
      .toBe("sha256:lie");
  });

  it("no Content-Length, another type, a needed Accept", async () => {
    const bare = await quirky({ noContentLength: true, manifestType: "text/html" });
    const response = await bare.get("/v2/a/manifests/x");
    expect(response.headers.get("content-length")).toBeNull();
    expect(response.headers.get("content-type")).toBe("text/html");
    const strict = await quirky({ requireAccept: true });
    expect((await strict.get("/v2/a/manifests/x")).status).toBe(404);
    const accept = "text/plain, application/vnd.oci.image.manifest.v1+json;q=0.5";
    expect((await strict.get("/v2/a/manifests/x", { headers: { accept } })).status).toBe(200);
  });

  it("not found is a redirect, as at GHCR", async () => {
    const { get } = await quirky({ notFoundRedirect: "https://github.test/-/v2/x" });
    const response = await get("/v2/a/manifests/none");
    expect([response.status, response.headers.get("location")])
      .toEqual([303, "https://github.test/-/v2/x"]);
  });

  it("a page too large is an error, as at ECR; Link is absolute; tags unsorted", async () => {
    const { get } = await quirky({ largestPage: 10, absoluteLink: true, unsortedTags: true });
    expect(await codesOf(await get("/v2/a/tags/list?n=11"))).toEqual(["PAGINATION_NUMBER_INVALID"]);
    const page = await get("/v2/a/tags/list?n=1");
    expect(page.headers.get("link")).toMatch(/^<https:\/\/registry\.test\/v2\/a\/tags\/list\?/);
    expect(await page.json()).toMatchObject({ tags: ["x"] });
    expect(await (await get("/v2/a/tags/list?n=1&last=x")).json()).toMatchObject({ tags: ["b"] });
  });

  it("ranges ignored, lied about, or of unknown total", async () => {
    const ignoring = await quirky({ ignoreRange: true });
    expect((await ignoring.get(ignoring.blob, ranged)).status).toBe(200);
    const lying = await quirky({ contentRange: "bytes 0-9/5000" });
    const part = await lying.get(lying.blob, ranged);
    expect([part.status, part.headers.get("content-range")]).toEqual([206, "bytes 0-9/5000"]);
    const vague = await quirky({ unknownRangeTotal: true });
    expect((await vague.get(vague.blob, ranged)).headers.get("content-range")).toBe(
      "bytes 10-19/*",
    );
  });

  it("blobs compressed once more", async () => {
    const { get, blob } = await quirky({ gzipBlobs: true });
    const response = await get(blob);
    expect(response.headers.get("content-encoding")).toBe("gzip");
    const plain = response.body?.pipeThrough(new DecompressionStream("gzip"));
    expect((await new Response(plain).arrayBuffer()).byteLength).toBe(5000);
  });

  it.each([404, 400, 405, 406] as const)("no referrers: %i", async (referrers) => {
    const { get } = bench({ referrers });
    expect((await get(`/v2/a/referrers/sha256:${"0".repeat(64)}`)).status).toBe(referrers);
  });
});
