import { describe, expect, it } from "vitest";
import { openTestDoor } from "../support/front_door.ts";

const APP = "https://app.test";
const config = { cors: { origins: [APP, "http://localhost:5173"] } };
const preflight = (origin: string): RequestInit => ({
  method: "OPTIONS",
  headers: {
    origin,
    "access-control-request-method": "GET",
    "access-control-request-headers": "authorization,range",
  },
});

describe("front door CORS", () => {
  it("answers a preflight from a configured origin, and asks nobody", async () => {
    const { send, simulation, blobPath } = await openTestDoor({ config });
    const { status, headers } = await send(blobPath(2), preflight(APP));
    expect(status).toBe(204);
    expect(headers.get("access-control-allow-origin")).toBe(APP);
    expect(headers.get("access-control-allow-methods")).toBe("GET, HEAD");
    expect(headers.get("access-control-allow-headers")).toContain("authorization");
    expect(headers.get("access-control-allow-headers")).toContain("range");
    // Firefox and Safari send the one that the client sets, and ask for it
    expect(headers.get("access-control-allow-headers")).toContain("user-agent");
    expect(headers.get("vary")).toContain("origin");
    expect(simulation.log).toHaveLength(0);
  });

  it.each(["https://evil.test", "https://app.test.evil.test", "http://app.test", "null", "*"])(
    "allows %s nothing",
    async (origin) => {
      const { send, manifestPath } = await openTestDoor({ config });
      for (const init of [preflight(origin), { headers: { origin } }]) {
        const { headers } = await send(manifestPath, init);
        expect([...headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
      }
    },
  );

  it("exposes to scripts what a registry client reads, also on errors", async () => {
    const { send, manifestPath, blobPath } = await openTestDoor({ config });
    for (const path of [manifestPath, blobPath(2), "/v2/", "/v2/none/x/manifests/y"]) {
      const answer = await send(path, { headers: { origin: APP } });
      await answer.body?.cancel();
      const exposed = answer.headers.get("access-control-expose-headers") ?? "";
      for (const name of ["docker-content-digest", "content-range", "link", "www-authenticate"]) {
        expect(exposed).toContain(name);
      }
      expect(answer.headers.has("access-control-allow-credentials")).toBe(false);
    }
  });

  it("allows any origin without credentials where it is configured so", async () => {
    const { send, manifestPath } = await openTestDoor({ config: { cors: { origins: ["*"] } } });
    const { headers } = await send(manifestPath, { headers: { origin: "https://any.test" } });
    expect(headers.get("access-control-allow-origin")).toBe("*");
    expect(headers.has("access-control-allow-credentials")).toBe(false);
  });

  it.each([
    [["sim/**:pull"], "GET, HEAD", false],
    [["sim/**:pull", "sim/acme/**:delete"], "GET, HEAD, DELETE", false],
    [["sim/**:pull", "sim/acme/**:pull,push"], "GET, HEAD, POST, PATCH, PUT, DELETE", true],
  ])("lets pages write where a rule among %j lets somebody", async (rules, methods, pushes) => {
    const { send, manifestPath } = await openTestDoor({
      config: { ...config, access: { anonymous: rules } },
    });
    const { headers } = await send(manifestPath, preflight(APP));
    expect(headers.get("access-control-allow-methods")).toBe(methods);
    const allowed = headers.get("access-control-allow-headers") ?? "";
    expect(allowed.split(", ").includes("content-type")).toBe(pushes);
    expect(allowed.split(", ").includes("content-range")).toBe(pushes);
    const stranger = await send(manifestPath, preflight("https://evil.test"));
    expect(stranger.headers.has("access-control-allow-methods")).toBe(false);
  });

  it("exposes what a push reads", async () => {
    const { send } = await openTestDoor({ config });
    const { headers } = await send("/v2/", { headers: { origin: APP } });
    const exposed = headers.get("access-control-expose-headers")?.split(", ") ?? [];
    for (const name of ["location", "range", "oci-subject", "oci-tag", "oci-chunk-max-length"]) {
      expect(exposed).toContain(name);
    }
  });

  it("is silent where nothing is configured", async () => {
    const { send, manifestPath } = await openTestDoor();
    const { headers } = await send(manifestPath, preflight(APP));
    expect(headers.has("access-control-allow-origin")).toBe(false);
  });
});
