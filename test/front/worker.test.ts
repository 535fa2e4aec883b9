import { describe, expect, it, vi } from "vitest";
import { errorOf } from "../support/front_door.ts";

/** A fresh isolate's worth of the Worker. */
async function openWorker(env: unknown): Promise<(path: string) => Promise<Response>> {
  vi.resetModules();
  const { default: worker } = await import("../../src/front/worker.ts");
  return (path) => worker.fetch(new Request(`https://door.test${path}`), env);
}

describe("the Worker", () => {
  it("says that nothing is configured when there is no configuration", async () => {
    const send = await openWorker({});
    expect((await send("/")).status).toBe(200);
    const answer = await send("/v2/library/hello/manifests/latest");
    expect(answer.status).toBe(503);
    expect((await errorOf(answer)).message).toContain("no upstream is configured");
  });

  it.each(["{", "[]", '{"upstream":[]}', '{"limits":{"perIdentity":{}}}', 7])(
    "stays closed with the configuration %j, and logs only the key",
    async (config) => {
      const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
      const send = await openWorker({ TIDEGATE_CONFIG: config });
      for (const path of ["/v2/", "/v2/library/hello/manifests/latest"]) {
        const answer = await send(path);
        expect(answer.status).toBe(503);
        expect((await errorOf(answer)).message).toContain("not valid");
      }
      expect(warn.mock.calls.flat().join()).toContain("configuration.rejected");
      warn.mockRestore();
    },
  );

  it("takes the configuration as text and as a value", async () => {
    const config = { upstreams: [{ name: "hub", origin: "https://hub.test", default: true }] };
    for (const value of [config, JSON.stringify(config)]) {
      const send = await openWorker({ TIDEGATE_CONFIG: value });
      expect((await send("/v2/")).status).toBe(403); // nobody may do anything
    }
  });

  it("measures into the data set that is bound", async () => {
    const upstream = { name: "hub", origin: "https://hub.test", default: true };
    const access = { anonymous: ["hub/**:pull"] };
    const points: { readonly indexes: readonly string[] }[] = [];
    vi.stubGlobal("fetch", () => Promise.resolve(new Response("", { status: 404 })));
    const send = await openWorker({
      TIDEGATE_CONFIG: { upstreams: [upstream], access },
      METRICS: { writeDataPoint: (point: typeof points[number]) => void points.push(point) },
    });
    expect((await send("/v2/acme/app/manifests/v1")).status).toBe(404);
    expect(points.flatMap(({ indexes }) => indexes)).toContain("docker_requests_total");
    vi.unstubAllGlobals();
  });
});
