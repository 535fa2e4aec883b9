import { describe, expect, it } from "vitest";
import type { Fetch } from "../../../src/core/mod.ts";
import { createFetchSend } from "../../../src/transport/fetch_send.ts";
import { withTimeout } from "../../../src/transport/timeout.ts";
import { blobRequest, testSettings } from "../../support/transport.ts";
import { createVirtualClock } from "../../support/virtual_clock.ts";

const SIGNED = "https://cdn.test/blob?X-Amz-Signature=canary0123456789";

function sendThrough(fetch: Fetch): ReturnType<typeof createFetchSend> {
  return createFetchSend({ fetch, userAgent: "tidegate-test" });
}

describe("createFetchSend()", () => {
  it("asks for identity, names itself, follows nothing and sends no ambient credentials", async () => {
    let seen: Request | undefined;
    await sendThrough((request) => {
      seen = request;
      return Promise.resolve(new Response());
    })(blobRequest());
    expect(seen?.headers.get("accept-encoding")).toBe("identity");
    expect(seen?.headers.get("user-agent")).toBe("tidegate-test");
    expect([seen?.redirect, seen?.credentials]).toEqual(["manual", "omit"]);
  });

  it("sends what is known to be large by its own way, and nothing else", async () => {
    const ways: string[] = [];
    const by = (way: string): Fetch => () => {
      ways.push(way);
      return Promise.resolve(new Response());
    };
    const send = createFetchSend({ fetch: by("fetch"), largeFetch: by("large"), userAgent: "t" });
    const large = 32 * 1024 * 1024;
    for (const answerBytes of [undefined, 0, large - 1, large, 10 ** 12]) {
      await send({ ...blobRequest(), answerBytes });
    }
    expect(ways).toEqual(["fetch", "fetch", "fetch", "large", "large"]);
    await sendThrough(by("only"))({ ...blobRequest(), answerBytes: large });
    expect(ways.at(-1)).toBe("only");
  });

  it("types what fetch throws and names the most telling code", async () => {
    const refused = Object.assign(new Error("connect"), { code: "ECONNREFUSED" });
    const failing = sendThrough(() =>
      Promise.reject(new TypeError("fetch failed", { cause: refused }))
    );
    await expect(failing(blobRequest())).rejects.toMatchObject({
      code: "NETWORK_ERROR",
      details: { origin: "https://registry.test", reason: "ECONNREFUSED" },
    });
  });

  it("never repeats a signed URL in an error, its cause included", async () => {
    const failing = sendThrough((request) =>
      Promise.reject(new TypeError(`error sending request for url (${request.url})`))
    );
    const error = await failing(blobRequest({ url: SIGNED })).catch((e: Error) => e) as Error;
    expect(`${error.message} ${JSON.stringify(error)} ${error.cause}`).not.toContain("canary");
  });

  it("never repeats a header that cannot be sent", async () => {
    const request = blobRequest({ headers: { authorization: "Bearer canary\n0123" } });
    const error = await sendThrough(() => Promise.resolve(new Response()))(request)
      .catch((e: Error) => e) as Error;
    expect(error).toMatchObject({ code: "INVALID_RESPONSE" });
    expect(`${error.message} ${JSON.stringify(error)} ${error.cause}`).not.toContain("canary");
  });

  it("leaves the query out of the answer's URL", async () => {
    const send = sendThrough(() => Promise.resolve(new Response()));
    expect((await send(blobRequest({ url: SIGNED }))).url).toBe("https://cdn.test/blob");
  });

  it("follows without ambient credentials where manual redirects are opaque", async () => {
    const modes: string[] = [];
    const send = sendThrough((request) => {
      modes.push(`${request.redirect} ${request.credentials}`);
      if (request.redirect === "follow") return Promise.resolve(new Response("body"));
      const opaque = Object.create(Response.prototype, { type: { value: "opaqueredirect" } });
      return Promise.resolve(opaque as Response);
    });
    await send(blobRequest());
    await send(blobRequest());
    expect(modes).toEqual(["manual omit", "follow omit", "follow omit"]);
  });

  it("rejects with the signal's reason even if fetch ignores the signal", async () => {
    const controller = new AbortController();
    let cancelled = false;
    let resolve: (response: Response) => void = () => {};
    const sent = sendThrough(() => new Promise((r) => resolve = r))(
      blobRequest({ signal: controller.signal }),
    );
    controller.abort(new Error("enough"));
    await expect(sent).rejects.toThrow("enough");
    resolve(new Response(new ReadableStream({ cancel: () => void (cancelled = true) })));
    await new Promise((r) => setTimeout(r));
    expect(cancelled).toBe(true);
  });
});

describe("withTimeout()", () => {
  it("ends an exchange without headers, typed, and leaves bodies alone", async () => {
    const clock = createVirtualClock();
    const settings = testSettings(clock);
    const silent = withTimeout(settings)(sendThrough(() => new Promise(() => {})));
    await expect(clock.run(silent(blobRequest()))).rejects.toMatchObject({
      code: "NETWORK_TIMEOUT",
      details: { phase: "headers", milliseconds: 30_000 },
    });
    const answering = withTimeout(settings)(
      sendThrough(() => Promise.resolve(new Response("body"))),
    );
    const response = await answering(blobRequest());
    await clock.advance(600_000);
    expect(await new Response(response.body).text()).toBe("body");
    response.release();
    expect(clock.pending).toBe(0);
  });

  it("gives a request with a body the time its length needs", async () => {
    const clock = createVirtualClock();
    const body = new Uint8Array(3_200_000);
    const silent = withTimeout(testSettings(clock))(sendThrough(() => new Promise(() => {})));
    await expect(clock.run(silent(blobRequest({ method: "PUT", body })))).rejects.toMatchObject({
      details: { milliseconds: 130_000 },
    });
  });
});
