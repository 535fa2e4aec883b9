import { describe, expect, it } from "vitest";
import { createSimulation } from "../../../src/simulation/mod.ts";
import type { SimulatedTokenService, TokenSettings } from "../../../src/simulation/mod.ts";
import { standingClock } from "./support.ts";
import type { StandingClock } from "./support.ts";

const USERS = { ann: "pass:word" };
const BASIC = `Basic ${btoa("ann:pass:word")}`;
const PULL = "repository:a/b:pull,push";

interface TokenBench {
  readonly tokens: SimulatedTokenService;
  readonly clock: StandingClock;
  get(query: string, authorization?: string): Promise<Response>;
  post(form: Record<string, string>): Promise<Response>;
}

function tokenBench(settings: Partial<TokenSettings> = {}): TokenBench {
  const clock = standingClock();
  const simulation = createSimulation({ clock });
  const tokens = simulation.tokenService("auth.test", { users: USERS, ...settings });
  return {
    tokens,
    clock,
    get: (query, authorization) =>
      simulation.fetch(
        new Request(`https://auth.test/token?${query}`, {
          headers: authorization === undefined ? {} : { authorization },
        }),
      ),
    post: (form) =>
      simulation.fetch(
        new Request("https://auth.test/token", { method: "POST", body: new URLSearchParams(form) }),
      ),
  };
}

interface Answer {
  readonly token?: string;
  readonly access_token?: string;
  readonly expires_in?: number;
  readonly issued_at?: string;
  readonly refresh_token?: string;
  readonly scope?: string;
}

async function answerOf(response: Response): Promise<Answer> {
  expect(response.status).toBe(200);
  return await response.json() as Answer;
}

describe("token service: GET", () => {
  it("anonymous gets what everybody may; the token knows its scopes and its end", async () => {
    const { get, tokens, clock } = tokenBench();
    const answer = await answerOf(await get(`service=s&scope=${PULL}`));
    expect(answer).toMatchObject({
      access_token: answer.token,
      expires_in: 300,
      issued_at: new Date(clock.now()).toISOString(),
    });
    expect(tokens.grantOf(answer.token ?? "")).toMatchObject({
      user: undefined,
      service: "s",
      scopes: [{ type: "repository", name: "a/b", actions: ["pull"] }],
    });
    clock.move(300_000);
    expect(tokens.grantOf(answer.token ?? "")).toBeUndefined();
  });

  it("Basic credentials with a colon in the password; several scopes; a port in a name", async () => {
    const { get, tokens } = tokenBench();
    const query = `service=s&scope=${PULL}&scope=repository:host:5000/c:pull&scope=nonsense`;
    const { token } = await answerOf(await get(query, BASIC));
    expect(tokens.grantOf(token ?? "")).toMatchObject({
      user: "ann",
      scopes: [{ name: "a/b", actions: ["pull", "push"] }, { name: "host:5000/c" }],
    });
  });

  it.each([`Basic ${btoa("ann:x")}`, `Basic ${btoa("bob:x")}`, "Basic !", "Bearer x"])(
    "%s is 401",
    async (authorization) => {
      expect((await tokenBench().get("service=s", authorization)).status).toBe(401);
    },
  );

  it("settings decide fields, times, refusals and types", async () => {
    const { get, tokens, clock } = tokenBench({ fields: "access_token", expiresIn: "omit" });
    const bare = await answerOf(await get("service=s"));
    expect(Object.keys(bare)).toEqual(["access_token", "issued_at"]);
    tokens.configure({ fields: "token", expiresIn: 5, issuedAtSkewSeconds: -60 });
    const skewed = await get("service=s");
    expect(await answerOf(skewed)).toEqual({
      token: tokens.issued.at(-1),
      expires_in: 5,
      issued_at: new Date(clock.now() - 60_000).toISOString(),
    });
    tokens.configure({ contentType: "text/plain", anonymous: false });
    expect((await get("service=s", BASIC)).headers.get("content-type")).toBe("text/plain");
    expect((await get("service=s")).status).toBe(401);
    tokens.configure({ get: 503 });
    expect((await get("service=s", BASIC)).status).toBe(503);
  });

  it("only the first scope; every token revoked", async () => {
    const { get, tokens } = tokenBench({ firstScopeOnly: true });
    const { token = "" } = await answerOf(await get(`service=s&scope=${PULL}&scope=${PULL}`));
    expect(tokens.grantOf(token)?.scopes).toHaveLength(1);
    tokens.revokeAll();
    expect(tokens.grantOf(token)).toBeUndefined();
  });

  it("mint makes the token", async () => {
    const { get } = tokenBench({ mint: ({ service }) => `minted-for-${service}` });
    expect(await answerOf(await get("service=s"))).toMatchObject({ token: "minted-for-s" });
  });
});

describe("token service: POST", () => {
  const form = { grant_type: "password", client_id: "c", service: "s", scope: `${PULL} ${PULL}` };
  const password = { ...form, username: "ann", password: "pass:word" };

  it("password grant; scopes are separated by spaces and come back", async () => {
    const { post, tokens } = tokenBench();
    const answer = await answerOf(await post(password));
    expect(answer.scope).toBe(form.scope);
    expect(tokens.grantOf(answer.access_token ?? "")?.scopes).toHaveLength(2);
    expect(answer.refresh_token).toBeUndefined();
  });

  it("a refresh token stands for the user, where there are refresh tokens", async () => {
    const { post, tokens } = tokenBench();
    const { refresh_token = "" } = await answerOf(
      await post({ ...password, access_type: "offline" }),
    );
    const again = { ...form, grant_type: "refresh_token", refresh_token };
    const { access_token = "" } = await answerOf(await post(again));
    expect(tokens.grantOf(access_token)?.user).toBe("ann");
    tokens.configure({ refreshTokens: false });
    const without = await answerOf(await post({ ...password, access_type: "offline" }));
    expect(without.refresh_token).toBeUndefined();
  });

  it.each([
    [{ ...password, password: "x" }, 401],
    [{ ...form, grant_type: "refresh_token", refresh_token: "x" }, 401],
    [{ ...form, grant_type: "other" }, 401],
    [{ grant_type: "password" }, 400],
  ])("%o is %i", async (body, status) => {
    expect((await tokenBench().post(body as Record<string, string>)).status).toBe(status);
  });

  it("a service without the flow", async () => {
    const { post } = tokenBench({ post: 404 });
    expect((await post(password)).status).toBe(404);
  });
});
