import { describe, expect, it } from "vitest";
import { basicCredential, type Credential } from "../../../src/auth/mod.ts";
import { fetchToken, pingChallenges } from "../../../src/auth/fetch_token.ts";
import { type Fetch, isTidegateError, isTransient, Secret } from "../../../src/core/mod.ts";
import { createTestClock, type TestClock } from "../../support/test_clock.ts";
import { tokenAnswer } from "../../support/token_world.ts";

const REALM = "https://auth.example/token?tenant=7&scope=evil";
const password = basicCredential("me", "pässword");
const identity: Credential = { kind: "identity", token: new Secret("refresh") };
const identityWithName: Credential = { ...identity, username: "acr" };

interface Call {
  readonly method: string;
  readonly url: string;
  readonly authorization: string | null;
  readonly body: string;
}

/** Ask with one answer for each method. */
async function ask(
  credential: Credential | undefined,
  answers: Readonly<Partial<Record<"GET" | "POST", () => Response>>>,
  scopes: readonly string[] = ["repository:a/b:pull", "repository:c:push"],
): Promise<{ calls: Call[]; token?: string; error?: unknown }> {
  const calls: Call[] = [];
  const fetch: Fetch = async (request) => {
    const { method, url, headers } = request;
    const body = await request.text();
    calls.push({ method, url, authorization: headers.get("authorization"), body });
    return answers[method as "GET" | "POST"]?.() ?? new Response(null, { status: 404 });
  };
  try {
    const { token } = await fetchToken(REALM, { service: "reg & co", scopes, credential }, {
      exchange: fetch,
      clock: createTestClock(),
      realmPolicy: (url) => ({ url, credentials: true }),
      timeoutMs: 1000,
      refuse: () => new Error("refused"),
    });
    return { calls, token: token.value.reveal() };
  } catch (error) {
    return { calls, error };
  }
}

const good = (): Response => tokenAnswer("t");
const status = (code: number) => (): Response => new Response("body", { status: code });

describe("fetchToken()", () => {
  it("asks as nobody by GET alone, keeping the realm's own query, replacing its scope", async () => {
    const { calls, token } = await ask(undefined, { GET: good });
    expect(token).toBe("t");
    expect(calls.map(({ method }) => method)).toEqual(["GET"]);
    const { searchParams } = new URL(calls[0]?.url ?? "");
    expect([...searchParams]).toEqual([
      ["tenant", "7"],
      ["service", "reg & co"],
      ["scope", "repository:a/b:pull"],
      ["scope", "repository:c:push"],
    ]);
    for (const code of [400, 401, 404, 405]) {
      expect((await ask(undefined, { GET: status(code), POST: good })).calls).toHaveLength(1);
    }
  });

  it("asks with a password by GET first, in UTF-8, and never puts it into the URL", async () => {
    const { calls } = await ask(password, { GET: good, POST: good });
    expect(calls).toHaveLength(1);
    expect(calls[0]?.authorization).toBe("Basic bWU6cMOkc3N3b3Jk");
    expect(calls[0]?.url).not.toContain("me");
  });

  for (const code of [400, 404, 405, 415]) {
    it(`falls back to the form where GET answers ${code}`, async () => {
      const { calls, token } = await ask(password, { GET: status(code), POST: good });
      expect(token).toBe("t");
      expect(calls[1]?.url).toBe(REALM);
      expect([...new URLSearchParams(calls[1]?.body)].sort()).toEqual([
        ["client_id", "tidegate"],
        ["grant_type", "password"],
        ["password", "pässword"],
        ["scope", "repository:a/b:pull repository:c:push"],
        ["service", "reg & co"],
        ["username", "me"],
      ]);
      expect(calls[1]?.authorization).toBeNull();
    });
  }

  for (const code of [401, 403, 429, 500, 503]) {
    it(`does not try a password a second time after ${code}`, async () => {
      expect((await ask(password, { GET: status(code), POST: good })).calls).toHaveLength(1);
    });
  }

  it("exchanges an identity token by the form", async () => {
    const { calls, token } = await ask(identity, { POST: good }, []);
    expect(token).toBe("t");
    expect([...new URLSearchParams(calls[0]?.body)].sort()).toEqual([
      ["client_id", "tidegate"],
      ["grant_type", "refresh_token"],
      ["refresh_token", "refresh"],
      ["service", "reg & co"],
    ]);
  });

  for (const code of [400, 401, 404, 405]) {
    it(`falls back to GET where the form is answered ${code}, if there is a user name`, async () => {
      const named = await ask(identityWithName, { POST: status(code), GET: good });
      expect(named.token).toBe("t");
      expect(named.calls[1]?.authorization).toBe(`Basic ${btoa("acr:refresh")}`);
      const unnamed = await ask(identity, { POST: status(code), GET: good });
      expect(unnamed.calls).toHaveLength(1);
      expect(isTidegateError(unnamed.error)).toBe(true);
    });
  }

  it("says what failed by a code, and which failures may pass", async () => {
    const codes: Record<number, string> = {
      400: "UNEXPECTED_RESPONSE",
      401: "UNAUTHORIZED",
      403: "FORBIDDEN",
      404: "UNEXPECTED_RESPONSE",
      418: "UNEXPECTED_RESPONSE",
      429: "RATE_LIMITED",
      500: "SERVER_ERROR",
      503: "SERVER_ERROR",
    };
    for (const [code, expected] of Object.entries(codes)) {
      const { error } = await ask(undefined, { GET: status(Number(code)) });
      expect(isTidegateError(error) && error.code).toBe(expected);
      expect(isTransient(error)).toBe(["RATE_LIMITED", "SERVER_ERROR"].includes(expected));
      expect(String(error)).not.toContain("tenant");
    }
  });

  it("reads Retry-After of a 429, in seconds and as a date", async () => {
    const resetAt = async (value: string): Promise<unknown> => {
      const headers = { "retry-after": value };
      const { error } = await ask(undefined, {
        GET: () => new Response(null, { status: 429, headers }),
      });
      return isTidegateError(error, "RATE_LIMITED") ? error.details.resetAt : error;
    };
    const now = createTestClock().now();
    expect(await resetAt("120")).toBe(now + 120_000);
    expect(await resetAt("Thu, 01 Jan 2026 00:02:00 GMT")).toBe(now + 120_000);
    expect(await resetAt("880.092us")).toBeUndefined();
  });

  it("reads at most 128 KiB, and no more of it than that", async () => {
    const cap = 128 * 1024;
    const padded = (size: number) => (): Response =>
      new Response(`{"token":"t"}`.padEnd(size, " "));
    expect((await ask(undefined, { GET: padded(cap) })).token).toBe("t");
    const { error } = await ask(undefined, { GET: padded(cap + 1) });
    expect(isTidegateError(error, "LIMIT_EXCEEDED")).toBe(true);
  });

  it("ends a fetch and a body that hang, when their time is up", async () => {
    const hangingBody = new Response(new ReadableStream({ pull: () => new Promise(() => {}) }));
    for (const answer of [new Promise<Response>(() => {}), Promise.resolve(hangingBody)]) {
      const clock = createTestClock();
      const failure = run(() => answer, clock);
      await new Promise((resolve) => setTimeout(resolve, 20)); // let it reach the wait
      clock.advance(1000);
      expect(isTidegateError(await failure, "NETWORK_TIMEOUT")).toBe(true);
    }
  });

  it("types what fetch throws", async () => {
    const failure = await run(
      () => Promise.reject(new TypeError("fetch failed")),
      createTestClock(),
    );
    expect(isTidegateError(failure, "NETWORK_ERROR")).toBe(true);
  });

  it("does not follow a redirect of a POST, nor one to nowhere", async () => {
    const redirect = (location?: string) => (): Response =>
      new Response(null, { status: 307, headers: location === undefined ? {} : { location } });
    const post = await ask(identity, { POST: redirect("https://evil.test/"), GET: good });
    expect(post.calls).toHaveLength(1);
    for (const location of [undefined, "https://[", "http://"]) {
      const { error } = await ask(undefined, { GET: redirect(location) });
      expect(isTidegateError(error, "UNEXPECTED_RESPONSE")).toBe(true);
    }
  });
});

describe("pingChallenges()", () => {
  const ping = (response: Response): Promise<readonly unknown[]> =>
    pingChallenges("https://registry.example", {
      exchange: async (request) => {
        expect(request.url).toBe("https://registry.example/v2/");
        expect(request.headers.get("authorization")).toBeNull();
        return response;
      },
      clock: createTestClock(),
      timeoutMs: 1000,
    });

  it("reads the challenge of a 401 and of nothing else", async () => {
    const headers = { "www-authenticate": 'Basic realm="x"' };
    expect(await ping(new Response(null, { status: 401, headers }))).toHaveLength(1);
    expect(await ping(new Response(null, { status: 200, headers }))).toHaveLength(0);
    expect(await ping(new Response(null, { status: 401 }))).toHaveLength(0);
  });
});

/** @returns What fetchToken rejects with. */
function run(answer: () => Promise<Response>, clock: TestClock): Promise<unknown> {
  const question = { service: undefined, scopes: [], credential: undefined };
  return fetchToken("https://auth.example/token", question, {
    exchange: answer,
    clock,
    realmPolicy: (url) => ({ url, credentials: false }),
    timeoutMs: 1000,
    refuse: () => new Error("refused"),
  }).then(() => "resolved", (error: unknown) => error);
}
