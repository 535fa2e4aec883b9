import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { basicCredential, type CredentialProvider } from "../../../src/auth/mod.ts";
import { isTidegateError } from "../../../src/core/mod.ts";
import { resolveUpstream } from "../../../src/upstream/mod.ts";
import { createTestClock } from "../../support/test_clock.ts";
import {
  challenge,
  createWorld,
  openKv,
  type Seen,
  slowly,
  tokenAnswer,
  type World,
} from "../../support/token_world.ts";

/*
 * The life of a registry token: valid, expiring in its last 30 s, expired, refreshed, or after a new
 * password logged in again; across restarts that leave only the store, and outages of the service.
 */

const REGISTRY = "https://registry.example";
const AUTH = "https://auth.example";
const MARGIN_MS = 30_000;
const upstream = resolveUpstream("registry.example", { tokenOrigins: [AUTH] });

/** The token service, the registry, and what is known of the token that a client has. */
interface Model {
  now: number;
  lifetimeMs: number;
  service: "works" | "fails";
  /** The service's password, and the one that the provider has at hand and would find. */
  password: number;
  known: number;
  /** By its text: until when. Empty after a revocation. */
  readonly grants: Map<string, number>;
  /** Everything that was ever issued. */
  issued: number;
  /** The token that the client has, as it must be. */
  token: { readonly text: string; readonly until: number } | undefined;
}

interface Real {
  world: World;
  tokenRequests: number;
  /** Passwords that the service refused. */
  refusals: number;
}

function fresh(model: Model): Real {
  const clock = createTestClock(model.now);
  const credentials: CredentialProvider = {
    id: "p",
    get: () => Promise.resolve(basicCredential("me", `password-${model.known}`)),
    invalidate: () => Promise.resolve(void (model.known = model.password)),
  };
  const real = { tokenRequests: 0, refusals: 0 } as Real;
  const servers = {
    [REGISTRY]: ({ authorization }: Seen): Response => register(model, authorization),
    [AUTH]: slowly((seen: Seen): Response => issue(model, real, seen)),
  };
  real.world = createWorld({ upstream, credentials, servers, kv: openKv(), clock });
  return real;
}

function register(model: Model, authorization: string | null): Response {
  const text = authorization?.replace(/^Bearer /, "");
  if (text === undefined) return challenge(`${AUTH}/token`);
  const until = model.grants.get(text);
  // one that was revoked nobody can know; one that has ended must not be shown
  if (until !== undefined) expect(model.now).toBeLessThan(until);
  return until === undefined ? challenge(`${AUTH}/token`) : new Response("ok");
}

function issue(model: Model, real: Real, { authorization }: Seen): Response {
  real.tokenRequests++;
  if (model.service === "fails") return new Response(null, { status: 503 });
  const password = atob(authorization?.replace(/^Basic /, "") ?? "");
  if (password !== `me:password-${model.password}`) {
    real.refusals++;
    return new Response(null, { status: 401 });
  }
  const text = `token-${++model.issued}`;
  model.grants.set(text, model.now + model.lifetimeMs);
  return tokenAnswer(text, { expires_in: model.lifetimeMs / 1000 });
}

type Phase = "none" | "valid" | "expiring" | "expired" | "revoked";

function phaseOf({ grants, now, token }: Model): Phase {
  if (token === undefined) return "none";
  if (now >= token.until) return "expired";
  if (now >= token.until - MARGIN_MS) return "expiring";
  return grants.has(token.text) ? "valid" : "revoked";
}

type Command = fc.AsyncCommand<Model, Real>;

function command(name: string, run: (model: Model, real: Real) => Promise<void>): Command {
  return { check: () => true, toString: () => name, run };
}

/** One pull, or several at once: who else waits costs nothing. */
const pull = (count: number): Command =>
  command(`pull ${count}`, async (model, real) => {
    const phase = phaseOf(model);
    const before = { ...real, known: model.known, issued: model.issued };
    const pulls = Array.from({ length: count }, () => real.world.send());
    const results = await Promise.allSettled(pulls);
    const asked = real.tokenRequests - before.tokenRequests;
    if (phase === "valid") {
      expect(asked).toBe(0); // never early
      for (const result of results) expect(result.status).toBe("fulfilled");
      return;
    }
    const isStale = before.known !== model.password; // the provider has an old password
    if (model.service === "fails") {
      expect(asked).toBeGreaterThanOrEqual(1);
      expect(asked).toBeLessThanOrEqual(count); // never more than one for each
      for (const result of results) expectTyped(result);
    } else {
      // refreshed once; after a new password the old one is shown once, then it is logged in again
      expect(asked).toBe(isStale ? 2 : 1);
      expect(real.refusals - before.refusals).toBe(isStale ? 1 : 0);
      for (const result of results) expect(result).toMatchObject({ value: { status: 200 } });
      const text = `token-${model.issued}`;
      model.token = { text, until: model.now + model.lifetimeMs };
    }
    if (phase === "revoked" && model.service === "fails") model.token = undefined;
  });

function expectTyped(result: PromiseSettledResult<Response>): void {
  expect(result.status).toBe("rejected");
  if (result.status === "rejected") expect(isTidegateError(result.reason)).toBe(true);
}

const pass = (ms: number): Command =>
  command(`pass ${ms}`, async (model, { world }) => {
    world.clock.advance(ms);
    model.now += ms;
    for (const [text, until] of model.grants) if (model.now >= until) model.grants.delete(text);
    expectEnded(model);
  });

/** A token that ended stays known as such, so that showing it is seen. */
function expectEnded({ grants, now, token }: Model): void {
  if (token !== undefined && now >= token.until) grants.set(token.text, token.until);
}

const revoke: Command = command("revoke", async ({ grants }) => grants.clear());

const outage = (service: Model["service"]): Command =>
  command(`the service ${service}`, async (model) => void (model.service = service));

/** Another password: what the provider has at hand is wrong from now on. */
const rotate: Command = command("rotate", async (model) => void model.password++);

const live = (seconds: number): Command =>
  command(`tokens live ${seconds} s`, async (model) => void (model.lifetimeMs = seconds * 1000));

/** Another process with the same store. */
const restart: Command = command("restart", async (_, real) => {
  real.world = real.world.restart();
});

/** Whatever was before: when the service works, a pull does. */
async function recover(model: Model, { world }: Real): Promise<void> {
  model.service = "works";
  expect((await world.send()).status).toBe(200);
}

describe("a registry token", () => {
  it("is never used past its end, fetched never early and never twice, and always had again", async () => {
    const commands = fc.commands([
      fc.constantFrom(1, 1, 5).map(pull),
      fc.constantFrom(1, 1, 5).map(pull),
      fc.constantFrom(1, 29_999, 30_001, 59_999, 300_000).map(pass),
      fc.constant(revoke),
      fc.constantFrom<Model["service"]>("works", "fails").map(outage),
      fc.constant(rotate),
      fc.constantFrom(60, 90, 300, 3600).map(live),
      fc.constant(restart),
    ], { maxCommands: 50, size: "max" });
    await fc.assert(
      fc.asyncProperty(commands, async (all) => {
        const model: Model = {
          ...{ now: Date.UTC(2026, 0, 1), lifetimeMs: 300_000, service: "works", issued: 0 },
          ...{ password: 1, known: 1, grants: new Map(), token: undefined },
        };
        const real = fresh(model);
        await fc.asyncModelRun(() => ({ model, real }), all);
        await recover(model, real);
      }),
      { numRuns: 200 },
    );
  });
});
