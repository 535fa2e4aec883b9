import { describe, expect, it } from "vitest";
import { errorOf, openTestDoor } from "../support/front_door.ts";

describe("front door routing", () => {
  it("answers / with a fixed text and nothing else outside of /v2/", async () => {
    const { send, simulation } = await openTestDoor();
    expect(await (await send("/")).json()).toEqual({ name: "tidegate", api: "/v2/" });
    for (const path of ["/index.html", "/v1/search", "/v3/", "/token", "/favicon.ico"]) {
      const answer = await send(path);
      expect([path, answer.status]).toEqual([path, 404]);
      expect(answer.headers.get("content-type")).toBe("application/json");
    }
    expect(simulation.log).toHaveLength(0);
  });

  it.each([
    ["/v2/acme%2fapp/tags/list", 400],
    ["/v2/acme/app%2f..%2fx/tags/list", 400],
    ["/v2/acme/app%5c/tags/list", 400],
    ["/v2/acme//app/tags/list", 400],
    ["/v2//acme/app/tags/list", 400],
    ["/v2/acme/App/tags/list", 400],
    ["/v2/acme/app;x/tags/list", 400],
    ["/v2/acme/app /tags/list", 400],
    ["/v2/acme/app/tags/list/", 404],
    ["/v2/acme/.app/tags/list", 400],
    ["/v2/acme/app/manifests/%76%31", 400],
    ["/v2/acme/app/manifests/sha256:abc", 400],
    ["/v2/acme/app/blobs/sha256:..", 400],
    ["/v2/acme/app/blobs/v1", 400],
    ["/v2/acme/app/referrers/nope", 400],
    ["/v2/_catalog", 404],
    ["/v2/acme/app", 404],
    [`/v2/${"a/".repeat(200)}a/tags/list`, 400],
  ])("refuses %s with %i and asks nobody", async (path, status) => {
    const { send, simulation } = await openTestDoor();
    const answer = await send(path);
    expect(answer.status).toBe(status);
    expect((await errorOf(answer)).code).toMatch(/^(NAME|DIGEST)_INVALID$|^UNSUPPORTED$/);
    expect(simulation.log).toHaveLength(0);
  });

  it("takes dots that the URL parser resolves for what they resolve to", async () => {
    const { send, simulation } = await openTestDoor();
    expect((await send("/v2/acme/app/../../token")).status).toBe(404);
    expect((await send("/v2/acme/x/%2e%2e/app/tags/list")).status).toBe(200);
    expect(simulation.log.map(({ url }) => new URL(url).pathname))
      .toEqual(["/v2/acme/app/tags/list"]);
  });

  it("lets ?ns= choose among the configured upstreams, and echoes it", async () => {
    const { send, simulation } = await openTestDoor({ upstream: { prefix: "mirror" } });
    const answer = await send("/v2/acme/app/manifests/v1?ns=registry.test");
    expect(answer.status).toBe(200);
    expect(answer.headers.get("oci-namespace")).toBe("registry.test");
    expect((await send("/v2/acme/app/manifests/v1")).headers.has("oci-namespace")).toBe(false);
    const before = simulation.log.length;
    for (const ns of ["evil.test", "https://evil.test", "registry.test.evil.test", ""]) {
      expect((await send(`/v2/acme/app/manifests/v1?ns=${ns}`)).status).toBe(404);
    }
    const twice = await send("/v2/acme/app/manifests/v1?ns=registry.test&ns=registry.test");
    expect(twice.status).toBe(400);
    expect(simulation.log).toHaveLength(before);
  });

  it("answers 421 to a host that is not configured", async () => {
    const { send, simulation } = await openTestDoor({ config: { hosts: ["door.test"] } });
    expect((await send("/v2/acme/app/tags/list", { host: "other.test" })).status).toBe(421);
    expect((await send("/v2/acme/app/tags/list", { host: "door.test:8443" })).status).toBe(421);
    expect(simulation.log).toHaveLength(0);
    expect((await send("/v2/acme/app/tags/list")).status).toBe(200);
  });

  it("serves tags under the door's own name, and pages with its own Link", async () => {
    const { send } = await openTestDoor({ upstream: { prefix: "mirror" } });
    const first = await send("/v2/mirror/acme/app/tags/list?n=2");
    expect(await first.json()).toEqual({ name: "mirror/acme/app", tags: ["v1", "v2"] });
    const link = first.headers.get("link") ?? "";
    expect(link).toBe('</v2/mirror/acme/app/tags/list?n=2&last=v2>; rel="next"');
    const second = await send(/<(.+)>/.exec(link)?.[1] ?? "");
    expect(await second.json()).toEqual({ name: "mirror/acme/app", tags: ["v3"] });
    expect(second.headers.has("link")).toBe(false);
  });

  it.each(["-1", "1.5", "1e3", "x", ""])("refuses the page size %j", async (n) => {
    const { send, simulation } = await openTestDoor();
    const answer = await send(`/v2/acme/app/tags/list?n=${n}`);
    expect([answer.status, (await errorOf(answer)).code])
      .toEqual([400, "PAGINATION_NUMBER_INVALID"]);
    expect(simulation.log).toHaveLength(0);
  });

  it("says that there is no upstream where there is no configuration", async () => {
    const { send } = await openTestDoor({ config: { upstreams: [], access: {} } });
    for (const path of ["/v2/", "/v2/acme/app/manifests/v1"]) {
      const answer = await send(path);
      expect(answer.status).toBe(503);
      expect((await errorOf(answer)).message).toContain("no upstream is configured");
    }
  });

  it("stays closed when a secret is missing from the environment", async () => {
    const { send, simulation } = await openTestDoor({
      config: { sealingKeys: [{ secret: "SEAL_KEY" }] },
    });
    const answer = await send("/v2/acme/app/manifests/v1");
    expect(answer.status).toBe(503);
    expect((await errorOf(answer)).message).not.toContain("SEAL_KEY");
    expect(simulation.log).toHaveLength(0);
  });
});
