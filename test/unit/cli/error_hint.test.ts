import { describe, expect, it } from "vitest";
import { errorHint } from "../../../src/cli/error_hint.ts";
import { noteObserver } from "../../../src/cli/note_observer.ts";
import type { Output } from "../../../src/cli/output.ts";
import { type ErrorCode, type ErrorDetails, TidegateError } from "../../../src/core/mod.ts";
import type { TidegateEvent } from "../../../src/observability/mod.ts";

const response = { status: 500, origin: "https://registry.test", diagnostics: [] };
const invalid = { input: "x", reason: "y" };

/** The details of each code that has a hint, and what the hint must say. */
const HINTED: readonly { [Code in ErrorCode]: readonly [Code, ErrorDetails[Code], RegExp] }[
  ErrorCode
][] = [
  ["INVALID_NAME", invalid, /lower case/],
  ["INVALID_TAG", invalid, /A tag has/],
  ["INVALID_DIGEST", invalid, /tidegate digest/],
  ["INVALID_PLATFORM", invalid, /linux\/arm64/],
  ["NOT_FOUND", { ...response, image: "x" }, /tidegate login registry\.test/],
  ["UNAUTHORIZED", { ...response, origin: "https://registry-1.docker.io" }, /'tidegate login'/],
  ["FORBIDDEN", response, /lacks the right/],
  ["CREDENTIALS", { source: "x", reason: "y" }, /config\.json/],
  ["TOKEN_EXPIRED", { origin: "https://registry.test" }, /log in/],
  [
    "ORIGIN_NOT_TRUSTED",
    { use: "redirect", origin: "https://a.test", target: "http://b", allow: "" },
    /Nothing was sent/,
  ],
  ["RATE_LIMITED", { ...response, resetAt: 0 }, /after 1970-01-01T00:00:00/],
  [
    "PULL_LIMIT_EXCEEDED",
    { resetAt: undefined, isAuthenticated: false, suggestion: "Log in" },
    /Log in\. Run it again later/,
  ],
  ["DIGEST_MISMATCH", { expected: "a", computed: "b" }, /was dropped/],
  ["BLOB_SIZE_MISMATCH", { expected: 1, actual: 2 }, /was dropped/],
  ["NETWORK_ERROR", { origin: "https://r.test", reason: "x" }, /--insecure r\.test/],
  [
    "NETWORK_TIMEOUT",
    { origin: "http://r.test", phase: "body", milliseconds: 1 },
    /again to continue$/,
  ],
  ["CIRCUIT_OPEN", { origin: "x", retryAt: 0 }, /in a minute/],
  ["SERVER_ERROR", response, /later to continue/],
  ["RESUME_FAILED", { offset: 0, reason: "x" }, /continues/],
  ["UPLOAD_FAILED", { reason: "x" }, /continues/],
  ["BLOB_UPLOAD_INVALID", response, /continues/],
  ["MANIFEST_BLOB_UNKNOWN", { ...response, image: "x", digests: [] }, /tidegate copy/],
  ["CONFLICT", { what: "x", attempts: 1 }, /Somebody else/],
  ["FOREIGN_LAYER", { digest: "x", reason: "y" }, /not fetched/],
  ["UNEXPECTED_RESPONSE", { ...response, reason: "x" }, /--debug/],
  ["INVALID_RESPONSE", { ...invalid, what: "x" }, /--debug/],
  ["CONFIGURATION", { key: "origin", reason: "x" }, /--insecure HOST/],
  ["CACHE_INVALID", { path: "x", reason: "y" }, /--cache DIR/],
  ["CACHE_CORRUPT", { path: "x", digest: "y", reason: "z" }, /--quarantine/],
  ["CACHE_IO", { path: "x", reason: "EROFS" }, /read-only/],
  ["ARCHIVE_INVALID", { path: "x", reason: "y" }, /docker save/],
];

describe("errorHint()", () => {
  it.each(HINTED)("%s", (code, details, says) => {
    expect(errorHint(new TidegateError(code, "It failed", details))).toMatch(says);
  });

  it("says nothing where it knows nothing", () => {
    expect(errorHint(new Error("x"))).toBeUndefined();
    const error = new TidegateError("CONFIGURATION", "x", { key: "a", reason: "b" });
    expect(errorHint(error)).toBeUndefined();
  });
});

describe("noteObserver()", () => {
  const place = { upstream: "r.test", request: 1, operation: undefined };
  const sent = { ...place, kind: "blob", method: "GET", url: "https://r.test" } as const;
  const events: readonly (readonly [TidegateEvent, RegExp])[] = [
    [
      { type: "request.retried", ...sent, attempt: 2, delayMs: 1500, reason: 429 },
      /^Retrying r\.test in 1\.5 s \(status 429, attempt 2 failed\)$/,
    ],
    [
      { type: "request.retried", ...sent, attempt: 1, delayMs: 10, reason: "NETWORK_ERROR" },
      /NETWORK_ERROR/,
    ],
    [
      {
        ...{ type: "upload.resumed", upstream: "r.test", repository: "a", digest: undefined },
        ...{ offset: 5, reason: "x" },
      },
      /^Resuming the upload of a blob at byte 5/,
    ],
    [
      {
        ...{ type: "rate_limit.low", upstream: "r.test", limit: 9, remaining: 3, threshold: 5 },
        resetAt: undefined,
      },
      /3 pulls are left/,
    ],
    [{ type: "warning.received", upstream: "r.test", text: "old" }, /^Warning from r\.test: old$/],
    [
      { type: "circuit.opened", upstream: "r", origin: "https://r.test", retryAt: 0 },
      /fails again and again/,
    ],
  ];

  it.each(events)("%o", (event, says) => {
    const notes: string[] = [];
    const observer = noteObserver({ note: (text: string) => void notes.push(text) } as Output);
    observer(event);
    expect(notes[0]).toMatch(says);
    observer({ ...event });
    expect(notes).toHaveLength(event.type === "warning.received" ? 1 : 2);
  });
});
