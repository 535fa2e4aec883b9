import { describe, expect, it } from "vitest";
import { openTestDoor } from "../support/front_door.ts";

const HOSTILE = {
  "set-cookie": "session=canary",
  "www-authenticate": 'Bearer realm="https://registry.test/token"',
  "location": "https://registry.test/elsewhere",
  "access-control-allow-origin": "*",
  "strict-transport-security": "max-age=1",
  "alt-svc": 'h3="registry.test:443"',
  "clear-site-data": '"*"',
  "refresh": "0; url=https://registry.test",
  "server": "registry.test",
  "via": "1.1 registry.test",
  "x-upstream": "registry.test",
  "content-type": "text/html",
};

describe("front door headers", () => {
  it("sends to the upstream only what the door itself decided", async () => {
    const { send, simulation, blobPath, manifestPath } = await openTestDoor();
    const headers = {
      "cookie": "canary=1",
      "x-registry-auth": "canary",
      "x-forwarded-for": "192.0.2.1",
      "x_forwarded_for": "192.0.2.1",
      "cf-connecting-ip": "192.0.2.1",
      "proxy-authorization": "Basic canary",
      "forwarded": "for=192.0.2.1",
      "via": "1.1 canary",
      "origin": "https://canary.test",
      "referer": "https://canary.test/",
      "user-agent": "canary",
      "if-none-match": '"canary"',
    };
    for (const path of [manifestPath, blobPath(0), "/v2/acme/app/tags/list"]) {
      await (await send(path, { headers })).arrayBuffer();
    }
    const names = new Set(
      simulation.log.flatMap((entry) => [...new Headers(entry.headers).keys()]),
    );
    expect([...names].sort()).toEqual(["accept", "accept-encoding", "user-agent"]);
    expect(JSON.stringify(simulation.log)).not.toContain("canary");
  });

  it("lets nothing of the upstream's headers through", async () => {
    const { send, simulation, blobPath, manifestPath, image } = await openTestDoor();
    const { "content-type": _, ...others } = HOSTILE;
    simulation.faults.add({ path: "*/manifests/*", action: { kind: "headers", set: others } });
    simulation.faults.add({ path: "*/blobs/*", action: { kind: "headers", set: HOSTILE } });
    simulation.faults.add({ path: "*/tags/list", action: { kind: "headers", set: HOSTILE } });
    for (const path of [manifestPath, blobPath(0), blobPath(2), "/v2/acme/app/tags/list"]) {
      for (const method of ["GET", "HEAD"]) {
        const answer = await send(path, { method });
        await answer.arrayBuffer();
        expect([path, method, answer.status]).toEqual([path, method, 200]);
        expect(JSON.stringify([...answer.headers])).not.toMatch(/registry\.test|canary|text\/html/);
        for (const name of Object.keys(others)) expect(answer.headers.has(name)).toBe(false);
      }
    }
    expect(image.layers).toHaveLength(3);
  });

  it("marks every answer as data that nobody renders and no shared cache keeps", async () => {
    const { send, blobPath, manifestPath } = await openTestDoor();
    for (const path of ["/", "/nope", "/v2/", manifestPath, blobPath(0), "/v2/x/manifests/y"]) {
      const { headers } = await send(path);
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("content-security-policy")).toContain("sandbox");
      expect(headers.get("content-disposition")).toBe("attachment");
      expect(headers.get("cache-control")).toBe("private, no-store");
    }
  });

  it.each([
    [401, { "www-authenticate": 'Basic realm="https://registry.test"' }, 403, "DENIED"],
    [403, {}, 403, "DENIED"],
    [404, {}, 404, "MANIFEST_UNKNOWN"],
    [400, {}, 502, "UNAVAILABLE"],
    [418, {}, 502, "UNAVAILABLE"],
    [500, {}, 502, "UNAVAILABLE"],
    [429, { "retry-after": "3600" }, 429, "TOOMANYREQUESTS"],
  ])("answers an upstream's %i in its own words", async (status, headers, own, code) => {
    const { send, simulation, manifestPath } = await openTestDoor();
    const body = "<html>registry.test canary</html>";
    simulation.faults.add({ action: { kind: "answer", status, headers, body } as never });
    const answer = await send(manifestPath);
    const text = await answer.text();
    expect(answer.status).toBe(own);
    expect(JSON.parse(text).errors[0].code).toBe(code);
    expect(text + JSON.stringify([...answer.headers])).not.toMatch(/registry\.test|canary/);
    if (own === 429) expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(3000);
  });
});
