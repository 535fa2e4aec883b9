import { describe, expect, it } from "vitest";
import { basicCredential, staticCredentials } from "../../../src/auth/mod.ts";
import type { Send } from "../../../src/core/mod.ts";
import type { TidegateEvent } from "../../../src/observability/mod.ts";
import { createTransport, createTransportState, discard } from "../../../src/transport/mod.ts";
import { blobRequest, fixedRandom, UPSTREAM } from "../../support/transport.ts";
import { createVirtualClock } from "../../support/virtual_clock.ts";

const CHALLENGE = {
  "www-authenticate": 'Bearer realm="https://registry.test/token",service="registry.test"',
};

describe("createTransport()", () => {
  it("answers a challenge, follows the redirect bare and tells the observer", async () => {
    const clock = createVirtualClock();
    const seen: string[] = [];
    const events: TidegateEvent[] = [];
    const send = createTransport({
      upstream: UPSTREAM,
      clock,
      random: fixedRandom(),
      observer: (event) => void events.push(event),
      fetch(request): Promise<Response> {
        const { pathname, host } = new URL(request.url);
        const proof = request.headers.get("authorization");
        seen.push(`${host}${pathname} ${proof ?? "-"}`);
        if (host === "cdn.example.com") return Promise.resolve(new Response("blob"));
        if (pathname === "/token") return Promise.resolve(Response.json({ token: "t1" }));
        if (proof !== "Bearer t1") {
          return Promise.resolve(new Response("", { status: 401, headers: CHALLENGE }));
        }
        const location = "https://cdn.example.com/blob?sig=canary";
        return Promise.resolve(new Response("", { status: 307, headers: { location } }));
      },
    });
    const response = await clock.run(send(blobRequest()));
    expect(await new Response(response.body).text()).toBe("blob");
    response.release();
    expect(seen).toEqual([
      "registry.test/v2/a/blobs/sha256:00 -",
      "registry.test/token -",
      "registry.test/v2/a/blobs/sha256:00 Bearer t1",
      "cdn.example.com/blob -",
    ]);
    expect(events.map(({ type }) => type)).toEqual(
      expect.arrayContaining([
        "request.sent",
        "token.fetched",
        "request.redirected",
        "request.answered",
      ]),
    );
    expect(JSON.stringify(events)).not.toContain("canary");
    expect(clock.pending).toBe(0);
  });

  it("needs one slot for a request and its token", async () => {
    const clock = createVirtualClock();
    const send = createTransport({
      upstream: UPSTREAM,
      clock,
      throttle: { concurrency: 1, smallReserve: 0, queueMs: 10 },
      fetch(request): Promise<Response> {
        if (request.url.includes("/token")) return Promise.resolve(Response.json({ token: "t1" }));
        const isKnown = request.headers.has("authorization");
        return Promise.resolve(
          new Response("x", isKnown ? {} : { status: 401, headers: CHALLENGE }),
        );
      },
    });
    for (let i = 0; i < 3; i++) {
      const response = await clock.run(send(blobRequest()));
      expect(response.status).toBe(200);
      discard(response, clock);
      await clock.advance(0);
    }
  });

  it("shares what it learned through its state, by value", async () => {
    const clock = createVirtualClock();
    const state = createTransportState();
    const make = (): Send =>
      createTransport({
        upstream: UPSTREAM,
        clock,
        state,
        retry: { attempts: 1 },
        fetch: () => Promise.reject(new TypeError("down")),
      });
    for (let i = 0; i < 5; i++) await clock.run(make()(blobRequest()).catch(() => {}));
    await expect(make()(blobRequest())).rejects.toMatchObject({ code: "CIRCUIT_OPEN" });
    state.reset();
    await expect(make()(blobRequest())).rejects.toMatchObject({ code: "NETWORK_ERROR" });
  });

  it("never sends a credential to a realm that is not the operator's", async () => {
    const clock = createVirtualClock();
    const hosts = new Set<string>();
    const send = createTransport({
      upstream: UPSTREAM,
      clock,
      credentials: staticCredentials({
        "https://registry.test": basicCredential("user", "canary-password"),
      }),
      fetch(request): Promise<Response> {
        const { host } = new URL(request.url);
        hosts.add(host);
        expect(host === "registry.test" || !request.headers.has("authorization")).toBe(true);
        const headers = { "www-authenticate": 'Bearer realm="https://evil.example.com/token"' };
        return Promise.resolve(new Response("", { status: 401, headers }));
      },
    });
    await expect(clock.run(send(blobRequest()))).rejects.toMatchObject({
      code: "ORIGIN_NOT_TRUSTED",
    });
    expect([...hosts]).toEqual(["registry.test"]);
  });

  it.each([
    [{ retry: { attempts: 0 } }, "retry.attempts"],
    [{ timeouts: { headersMs: -1 } }, "timeouts.headersMs"],
    [{ throttle: { concurrency: Number.NaN } }, "throttle.concurrency"],
  ])("refuses %j", (options, name) => {
    expect(() => createTransport({ upstream: UPSTREAM, ...options })).toThrow(name);
  });
});
