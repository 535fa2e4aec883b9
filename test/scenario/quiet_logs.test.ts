import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { encodeHex, type ErrorCode } from "../../src/core/mod.ts";
import { consoleSink } from "../../src/observability/mod.ts";
import { type Fault, type FaultAction, secretSpellings } from "../../src/simulation/mod.ts";
import { leakContent, type MapCase } from "../support/leak_map.ts";
import { operate, operationOf, OPERATIONS, setAttack, STATUSES } from "../support/leak_attacks.ts";
import {
  CANARIES,
  createLeakWorld,
  credentialOf,
  type LeakWorld,
  PINNED_ORIGIN,
  PROOF_KINDS,
  type ProofKind,
  textOfError,
} from "../support/leak_world.ts";
import * as product from "../support/leak_product.ts";
import { openKv } from "../support/token_world.ts";
import { OWN_ORIGIN } from "../support/url_forms.ts";

/*
 * Everything that is told, at debug level: console, events, errors with their causes, what the store
 * holds. No secret is in it, whatever happened.
 */

const SIGNATURE = "sig-77b1f0e2c94d5a3386fe";
const SEALING_KEY = "sealing-key-0f9e8d7c6b5a49382716";
const written: string[] = [];
const secrets = new Set<string>([...Object.values(CANARIES), SIGNATURE, SEALING_KEY]);
const codes = new Set<ErrorCode>();

const METHODS = ["debug", "info", "log", "warn", "error"] as const;

beforeAll(() => {
  for (const method of METHODS) {
    vi.spyOn(console, method).mockImplementation((...line: unknown[]) => {
      written.push(line.map((part) => typeof part === "string" ? part : inspect(part)).join(" "));
    });
  }
});
afterAll(() => vi.restoreAllMocks());

/** Where a secret stands in a text, in any spelling. */
function spotted(text: string): string[] {
  return [...secrets].filter((secret) =>
    [...secretSpellings(secret), [...secret].reverse().join("")].some((s) => text.includes(s))
  );
}

/** Run one operation and write down all that can be seen of it afterwards. */
async function exercise(
  proof: ProofKind,
  one: MapCase,
  prepare: (world: LeakWorld) => void | Promise<unknown>,
): Promise<void> {
  const content = await leakContent();
  const trap = { status: 503, body: `no https://cdn.test/b?s=${SIGNATURE}` };
  const world = createLeakWorld(product, { proof, content, trap });
  const kv = openKv();
  const credential = credentialOf(product, proof);
  const credentials = product.staticCredentials(
    credential ? { "registry.example": credential } : {},
  );
  const client = product.createRegistryClient({
    ...{ fetch: world.simulation.fetch, clock: world.clock, kv, credentials },
    sealingKeys: [new product.Secret(SEALING_KEY)],
    observer: consoleSink({ level: "debug" }),
    upstreams: [product.resolveUpstream("registry.example", { tokenOrigins: [PINNED_ORIGIN] })],
  });
  await prepare(world);
  for (let i = 0; i < 2; i++) { // the second time with what is remembered
    try {
      await operate(product, client, one, content);
    } catch (error) {
      if (product.isTidegateError(error)) codes.add(error.code);
      written.push(textOfError(error), inspect(error, { depth: 20, showHidden: true }));
    }
  }
  for (const secret of world.secrets()) secrets.add(secret);
  written.push(inspect([client, credentials, credential], { depth: 20, showHidden: true }));
  written.push(JSON.stringify([credentials, credential, world.events]));
  for (const [key, value] of kv.content) {
    written.push(key, new TextDecoder("latin1").decode(value), encodeHex(value));
  }
}

function caseOf(turn: number, url = `${OWN_ORIGIN}/x`): MapCase {
  return { leakClass: "redirect", url, means: "own", turn, proof: "password" };
}

/** Answers that repeat what they were sent, and what they know. */
const CHATTY = [
  `you sent authorization: Basic ${btoa(`me:${CANARIES.password}`)}`,
  `or Bearer ${CANARIES.bearer}, bearer ${CANARIES.identity};`,
  `see https://cdn.test/b?X-Amz-Signature=${SIGNATURE}`,
].join(" ");
const ERRORS = [400, 401, 403, 404, 405, 406, 410, 416, 418, 429, 500, 502, 503, 504];

const ACTIONS: readonly FaultAction[] = [
  { kind: "drop", by: "reset" },
  { kind: "cut", at: 3, by: "reset" },
  { kind: "flip", at: 0 },
  { kind: "truncate", at: 3 },
  { kind: "lengthen", bytes: 9 },
  { kind: "replace" },
  { kind: "headers", set: { "content-type": "text/html" } },
  { kind: "headers", set: { "www-authenticate": `Bearer realm="x?${SIGNATURE}` } },
  {
    kind: "answer",
    status: 401,
    headers: { "www-authenticate": `Bearer realm="https://cdn.test/?s=${SIGNATURE}` },
  },
  { kind: "answer", status: 307, headers: { location: `https://u:${SIGNATURE}@cdn.test/` } },
  { kind: "answer", status: 307, headers: { location: `http://10.0.0.1/?s=${SIGNATURE}` } },
  { kind: "answer", status: 307, headers: { location: `https://[/b?s=${SIGNATURE}` } },
  { kind: "answer", status: 307, headers: { location: `https://cdn.test/b?s=${SIGNATURE}` } },
  { kind: "answer", status: 307, headers: { location: `https://cdn.test/b#${SIGNATURE}` } },
  { kind: "headers", set: { link: `<https://cdn.test/?s=${SIGNATURE}>; rel="next"` } },
  { kind: "headers", set: { link: `<?s=${SIGNATURE}>; rel="next"` } },
  { kind: "headers", set: { link: `<https://cdn.test/?s=${SIGNATURE}; rel="next"` } },
  {
    kind: "answer",
    status: 401,
    headers: { "www-authenticate": `Bearer realm="https://cdn.test/?s=${SIGNATURE}"` },
  },
];

describe("nothing secret is told", () => {
  it.each(PROOF_KINDS)("with %s, when all is well", async (proof) => {
    for (const turn of OPERATIONS.keys()) {
      await exercise(proof, caseOf(turn * STATUSES.length), () => {});
    }
  });

  it.each(PROOF_KINDS)("with %s, when hosts answer with errors that talk", async (proof) => {
    for (const [i, status] of ERRORS.entries()) {
      const action: FaultAction = {
        ...{ kind: "answer", status, headers: { "x-echo": CANARIES.password } },
        body: i % 3 === 0 ? CHATTY : JSON.stringify({ token: CANARIES.bearer, detail: CHATTY }),
      };
      const fault: Fault = { host: i % 2 === 0 ? OWN_ORIGIN : PINNED_ORIGIN, action };
      await exercise(proof, caseOf(i), ({ simulation }) => void simulation.faults.add(fault));
    }
  });

  it.each(PROOF_KINDS)("with %s, when the wire breaks or lies", async (proof) => {
    for (const action of ACTIONS) {
      for (const [i, operation] of OPERATIONS.entries()) {
        const one = caseOf(i * STATUSES.length);
        expect(operationOf(one)).toBe(operation);
        const fault: Fault = { host: OWN_ORIGIN, action };
        await exercise(proof, one, ({ simulation }) => void simulation.faults.add(fault));
      }
    }
  }, 60_000);

  it("when a foreign layer is nowhere, and when its URL is signed", async () => {
    for (const url of [`https://cdn.test/b?s=${SIGNATURE}`, `http://10.0.0.1/?s=${SIGNATURE}`]) {
      const one: MapCase = { ...caseOf(0, url), leakClass: "foreign-layer" };
      await exercise("password", one, (world) => setAttack(world, one));
    }
  });

  it("in all of it", () => {
    const text = written.join("\n");
    expect(text.length).toBeGreaterThan(1_000_000);
    const told = written.filter((line) => spotted(line).length > 0);
    expect(new Set(told.map((line) => `${spotted(line)} in ${line.slice(0, 200)}`))).toEqual(
      new Set(),
    );
    expect(codes.size, [...codes].sort().join()).toBeGreaterThan(10);
  });
});

describe("the scan can go red", () => {
  it("finds each secret in each spelling, also within what was encoded with it", () => {
    for (const secret of secrets) {
      for (const text of [secret, btoa(`me:${secret}`), encodeURIComponent(secret)]) {
        expect(spotted(`x ${text} y`)).toContain(secret);
      }
    }
  });

  it("would have seen a secret written to the console", () => {
    console.debug({ authorization: CHATTY });
    expect(spotted(written.at(-1) ?? "").length).toBeGreaterThan(3);
  });
});
