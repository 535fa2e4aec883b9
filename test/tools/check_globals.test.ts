import { describe, expect, it } from "vitest";
import { checkGlobals } from "../../tools/check_globals.ts";

function check(text: string, path = "src/auth/a.ts"): string[] {
  return checkGlobals([{ path, text }]);
}

describe("checkGlobals()", () => {
  it.each([
    "process.env.X",
    "globalThis.Deno",
    "typeof Bun",
    "crypto.DigestStream",
    "new FixedLengthStream(1)",
    "caches.default",
    "Buffer.from('a')",
    "fetch(url)",
    "globalThis.fetch(url)",
    "setTimeout(f, 1)",
    "Date.now()",
    "new Date()",
    "Math.random()",
    "performance.now()",
    "crypto.getRandomValues(x)",
    "crypto.randomUUID()",
    "AbortSignal.timeout(5)",
    "console.log(1)",
    "const f = { fetch };",
  ])("refuses %s", (text) => {
    expect(check(text)).toHaveLength(1);
  });

  it.each([
    "client.fetch(url)",
    "const { fetch } = options; fetch(url);",
    "function send(fetch: Fetch) { return fetch(x); }",
    "const a = { process: 1 }; a.process;",
    "new Date(0)",
    "crypto.subtle.digest('SHA-256', x)",
    "interface A { fetch(request: Request): Promise<Response> }",
  ])("accepts %s", (text) => {
    expect(check(text)).toEqual([]);
  });

  it("accepts runtime names in adapters and clocks behind their port", () => {
    expect(check("process.env.X", "src/auth/environment_host.ts")).toEqual([]);
    expect(check("new FixedLengthStream(1)", "src/verify/stream_workerd.ts")).toEqual([]);
    expect(check("Date.now()", "src/core/clock.ts")).toEqual([]);
    expect(check("console.log(1)", "src/observability/console_sink.ts")).toEqual([]);
  });
});
