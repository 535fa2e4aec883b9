import { describe, expect, it } from "vitest";
import { createApiLimits } from "../../../src/ghcr/api_limits.ts";
import { withGithubLimits } from "../../../src/ghcr/limit_fetch.ts";
import { createVirtualClock } from "../../support/virtual_clock.ts";

const clock = createVirtualClock();

async function send(response: Response): Promise<Response> {
  const limits = createApiLimits(clock);
  const fetch = withGithubLimits(() => Promise.resolve(response), limits, clock);
  return await clock.run(fetch(new Request("https://api.github.com/x")));
}

describe("withGithubLimits()", () => {
  it("gives a limit the form that HTTP has for it, with its text", async () => {
    const text = "You have exceeded a secondary rate limit";
    const response = await send(new Response(text, { status: 403 }));
    expect([response.status, response.headers.get("retry-after")]).toEqual([429, "60"]);
    expect(await response.text()).toBe(text);
  });

  it("leaves another refusal as it is", async () => {
    const response = await send(new Response("Must have admin rights", { status: 403 }));
    expect([response.status, response.headers.get("retry-after")]).toEqual([403, null]);
    expect(await response.text()).toBe("Must have admin rights");
  });

  it("hands on all else untouched", async () => {
    const original = new Response("fine");
    expect(await send(original)).toBe(original);
  });

  it("does without a text that is too long or never ends", async () => {
    const endless = new ReadableStream({ pull: () => new Promise<void>(() => {}) });
    expect((await send(new Response(endless, { status: 429 }))).status).toBe(429);
    const long = "x".repeat(100_000);
    expect((await send(new Response(long, { status: 403 }))).status).toBe(403);
  });
});
