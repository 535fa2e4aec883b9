import { describe, expect, it } from "vitest";
import { basicCredential, staticCredentials } from "../../../src/auth/mod.ts";
import { isTidegateError } from "../../../src/core/mod.ts";
import { resolveUpstream } from "../../../src/upstream/mod.ts";
import { challenge, createWorld, type Handler, tokenAnswer } from "../../support/token_world.ts";

const REGISTRY = "https://registry.example";
const AUTH = "https://auth.example";
const REALM = `${AUTH}/token`;
const bound = resolveUpstream("registry.example", { tokenOrigins: [AUTH] });
const user = staticCredentials({ "registry.example": basicCredential("me", "password") });

/** Gives out `t1`, `t2`… */
function counter(): Handler {
  let count = 0;
  return () => tokenAnswer(`t${++count}`);
}

describe("createAuthorizer() on odd registries", () => {
  it("asks /v2/ for the challenge that a 401 lacks", async () => {
    const world = createWorld({
      servers: {
        [REGISTRY]: ({ url, authorization }) =>
          authorization === "Bearer t1"
            ? new Response("ok")
            : url.pathname === "/v2/"
            ? challenge(REALM)
            : new Response(null, { status: 401 }),
        [AUTH]: counter(),
      },
    });
    expect((await world.send()).status).toBe(200);
  });

  it("lets a 401 stand that offers nothing anywhere", async () => {
    const world = createWorld({
      servers: { [REGISTRY]: () => new Response(null, { status: 401 }) },
    });
    expect((await world.send()).status).toBe(401);
    expect(world.seen).toHaveLength(2);
  });

  it("takes GHCR's 403 for bad credentials: a pull goes on as nobody, a push does not", async () => {
    const ghcr = "https://ghcr.io";
    const credentials = staticCredentials({ "ghcr.io": basicCredential("me", "expired") });
    const world = createWorld({
      host: "ghcr.io",
      credentials,
      servers: {
        [ghcr]: ({ url, authorization }) => {
          if (url.pathname === "/token") {
            return authorization === null
              ? tokenAnswer("anonymous")
              : new Response(null, { status: 403 });
          }
          return authorization === "Bearer anonymous"
            ? new Response("ok")
            : challenge(`${ghcr}/token`);
        },
      },
    });
    expect((await world.send()).status).toBe(200);
    expect((await world.send()).status).toBe(200);
    const sent = world.seen.filter(({ authorization }) => authorization?.startsWith("Basic"));
    expect(sent).toHaveLength(1);
    expect(world.events.some(({ type }) => type === "credential.rejected")).toBe(true);
    const push = await world.send({ method: "POST", scopes: ["repository:acme/app:pull,push"] })
      .catch((error: unknown) => error);
    expect(isTidegateError(push, "FORBIDDEN")).toBe(true);
  });

  it("takes GHCR's 403 from the registry itself the same way", async () => {
    const ghcr = "https://ghcr.io";
    const world = createWorld({
      host: "ghcr.io",
      credentials: staticCredentials({ "ghcr.io": basicCredential("me", "expired") }),
      servers: {
        [ghcr]: ({ url, authorization }) => {
          if (url.pathname === "/token") {
            return tokenAnswer(authorization === null ? "anonymous" : "denied");
          }
          if (authorization === "Bearer denied") return new Response(null, { status: 403 });
          return authorization === null ? challenge(`${ghcr}/token`) : new Response("ok");
        },
      },
    });
    expect((await world.send()).status).toBe(200);
  });

  it("elsewhere a 403 stands", async () => {
    const world = createWorld({
      upstream: bound,
      credentials: user,
      servers: {
        [REGISTRY]: ({ authorization }) =>
          authorization === null ? challenge(REALM) : new Response(null, { status: 403 }),
        [AUTH]: counter(),
      },
    });
    expect((await world.send()).status).toBe(403);
    expect(world.at(AUTH)).toHaveLength(1);
  });

  it("tries another credential if the provider has one after invalidate()", async () => {
    let password = "old";
    const credentials = {
      id: "rotating",
      get: () => Promise.resolve(basicCredential("me", password)),
      invalidate: () => void (password = "new"),
    };
    const world = createWorld({
      upstream: bound,
      credentials,
      servers: {
        [REGISTRY]: ({ authorization }) =>
          authorization === "Bearer t1" ? new Response("ok") : challenge(REALM),
        [AUTH]: ({ authorization }) =>
          authorization === `Basic ${btoa("me:new")}`
            ? tokenAnswer("t1")
            : new Response(null, { status: 401 }),
      },
    });
    expect((await world.send()).status).toBe(200);
    expect(world.at(AUTH)).toHaveLength(2);
    password = "wrong again";
    credentials.invalidate = () => void 0;
    const error = await world.restart().send({ scopes: ["repository:x:pull"] })
      .catch((caught: unknown) => caught);
    expect(isTidegateError(error, "UNAUTHORIZED")).toBe(true);
  });
});
