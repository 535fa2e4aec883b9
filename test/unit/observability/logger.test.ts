import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { expectFast, mebibyteOf } from "../../support/parser_checks.ts";
import { Secret, TidegateError } from "../../../src/core/mod.ts";
import {
  createLogger,
  type Logger,
  type LoggerOptions,
  logObserver,
  redact,
  redactText,
} from "../../../src/observability/mod.ts";

const CANARY = "canary-51d2e84b607f3a9c";
/** One that the product is given as a secret, so that no error may be made of it here. */
const WRAPPED = "canary-0c7f3a9c51d2e84b";

function keptLogger(
  options: Partial<LoggerOptions> = {},
): { readonly logger: Logger; readonly lines: string[] } {
  const lines: string[] = [];
  const clock = { now: () => 0, sleep: () => Promise.resolve(), after: () => () => {} };
  const write = (line: string): void => void lines.push(line);
  return { logger: createLogger({ write, clock, ...options }), lines };
}

describe("createLogger()", () => {
  it("writes one JSON object a line", () => {
    const { logger, lines } = keptLogger();
    logger.with({ service: "door" }).warn("tag\nmoved", { tag: "v1", count: 2n });
    expect(lines.map((line) => JSON.parse(line))).toEqual([{
      ...{ time: "1970-01-01T00:00:00.000Z", level: "warn", message: "tag\\u{a}moved" },
      ...{ service: "door", tag: "v1", count: "2" },
    }]);
    expect(lines[0]).not.toContain("\n");
  });

  it("leaves out what is less important than its level", () => {
    const { logger, lines } = keptLogger({ level: "warn" });
    for (const level of ["debug", "info", "warn", "error"] as const) logger[level]("x");
    expect(lines).toHaveLength(2);
  });

  it("cannot be told to show credentials", () => {
    const options = { write: () => {}, redactCredentials: false } as unknown as LoggerOptions;
    expect(() => createLogger(options)).toThrow(TypeError);
  });

  it("refuses a level that is none", () => {
    expect(() => keptLogger({ level: "loud" as "info" })).toThrow("level must be one of");
  });

  it("survives what cannot be written", () => {
    const write = (): void => {
      throw new Error("disk full");
    };
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    createLogger({ write }).info("x", { circle });
    const { logger, lines } = keptLogger();
    logger.info("x", {
      get broken(): string {
        throw new Error("no");
      },
    });
    logger.info("y", { circle });
    expect(lines.at(-1)).toContain("[deeper]");
  });
});

/** A secret in each place where one has turned up in somebody's log. */
const PLACES: readonly [string, unknown][] = [
  ["a Secret", new Secret(WRAPPED)],
  ["a header", new Headers({ authorization: `Bearer ${CANARY}`, "x-odd": CANARY })],
  ["headers as an object", { Authorization: `Basic ${CANARY}` }],
  ["a password", { auth: { username: "ann", password: CANARY } }],
  ["an access token", { access_token: CANARY }],
  ["a key of an API", { apiKey: CANARY, "api-key": CANARY }],
  ["a cookie", { "set-cookie": [CANARY] }],
  ["a URL with a user", `see https://ann:${CANARY}@r.test/v2/`],
  ["a signed URL", new URL(`https://cdn.test/blob?X-Amz-Signature=${CANARY}`)],
  ["a URL in a text", `GET https://cdn.test/blob?sig=${CANARY} failed`],
  ["a header in a text", `sent Authorization: Bearer ${CANARY}`],
  ["a form in a text", `body was password=${CANARY}&service=x`],
  ["JSON in a text", `answered {"token":"${CANARY}"}`],
  ["an error", new Error(`Bearer ${CANARY} refused`)],
  [
    "an error of tidegate",
    new TidegateError("CREDENTIALS", `token=${CANARY}`, {
      source: "x",
      reason: `password: ${CANARY}`,
    }),
  ],
  ["a map", new Map([["x", { secret: CANARY }]])],
  ["bytes", new TextEncoder().encode(CANARY)],
  ["toJSON", { toJSON: () => ({ token: CANARY }) }],
];

describe("redact()", () => {
  it.each(PLACES)("hides %s", (_, value) => {
    const { logger, lines } = keptLogger();
    logger.error("it failed", { value });
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toContain(CANARY);
    expect(lines[0]).not.toContain(WRAPPED);
  });

  it("hides tokens by their looks", () => {
    const tokens = ["eyJhbGciOi.eyJzdWIi.c2ln", "dckr_pat_abc123", "ghp_abc123", "github_pat_a_b"];
    for (const token of tokens) expect(redactText(`x ${token} y`)).toBe("x [hidden] y");
  });

  it("shows what is no secret", () => {
    const facts = { digest: "sha256:1", tags: ["v1"], size: 5, at: new Date(0), none: undefined };
    expect(redact(facts)).toEqual({ ...facts, at: "1970-01-01T00:00:00.000Z" });
    expect(redactText("https://r.test/v2/a/tags/list?n=5")).toContain("n=5");
  });

  it("throws at nothing", () => {
    fc.assert(
      fc.property(fc.anything({ maxDepth: 9, withBigInt: true, withDate: true }), (value) => {
        expect(() => JSON.stringify(redact(value))).not.toThrow();
      }),
    );
  });

  it.each(["a", "token=", "http://", "eyJ", "Bearer ", "\\"])(
    "is fast with 1 MiB of %j",
    (part) => {
      const text = mebibyteOf(part);
      expectFast(() => redactText(text));
    },
  );
});

describe("logObserver()", () => {
  it("writes events at their level", () => {
    const { logger, lines } = keptLogger();
    const observer = logObserver(logger);
    observer({ type: "page.read", upstream: "hub", request: 1, operation: 1, items: 1 });
    observer({ type: "circuit.opened", upstream: "hub", origin: "https://a.test", retryAt: 1 });
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({ level: "warn", message: "circuit.opened", upstream: "hub" }),
    ]);
  });
});
