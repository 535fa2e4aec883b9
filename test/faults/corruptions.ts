import type { ErrorCode } from "../../src/core/mod.ts";
import type { FaultAction } from "../../src/simulation/mod.ts";
import type { HostName } from "./catalogue.ts";

/**
 * What may come of a case. `right`: the right bytes. `either`: the right bytes or a typed error. A list:
 * never a complete answer, and one of these codes from the library.
 */
export type Verdict = "right" | "either" | readonly ErrorCode[];

/** One way in which a registry sends something else than the blob. */
export interface Corruption {
  readonly name: string;
  /** Default is `plain`. */
  readonly host?: HostName;
  readonly actions: (size: number) => readonly FaultAction[];
  /** Of `plain`, `middle` and `tail`. */
  readonly whole: Verdict;
  /** Of `tail`: an open range of a body whose length nobody tells. Default is as `whole`. */
  readonly tail?: Verdict;
  /** With a descriptor's size. Default is `BLOB_SIZE_MISMATCH`. */
  readonly sized?: Verdict;
  /** Where it strikes the answer to a resume. Default is as `whole`. */
  readonly resumed?: Verdict;
}

const DIGEST: Verdict = ["DIGEST_MISMATCH"];
const SIZE: Verdict = ["BLOB_SIZE_MISMATCH"];
const SHORT: Verdict = ["DIGEST_MISMATCH", "RANGE_NOT_SATISFIABLE"];
const NO_END: Verdict = ["UNSUPPORTED"];
const HEAD: Verdict = ["INVALID_RESPONSE", "RESUME_FAILED"]; // the latter where it went back to zero
const RESUME: Verdict = ["RESUME_FAILED"];
const ENCODED: Verdict = ["UNSUPPORTED", "INVALID_RESPONSE", "NETWORK_ERROR", "RESUME_FAILED"];
const CHUNKED: FaultAction = { kind: "frame", by: "chunked" };
const UNTIL_CLOSE: FaultAction = { kind: "frame", by: "until-close" };

/** Rows that have verdicts in common. */
function withVerdicts(
  verdicts: Omit<Corruption, "name" | "actions">,
  rows: readonly (Pick<Corruption, "name" | "actions"> & Partial<Corruption>)[],
): readonly Corruption[] {
  return rows.map((row) => ({ ...verdicts, ...row }));
}

/** The middle of a body. */
export const middleOf = (size: number): number => Math.floor(size / 2);
/** Where the first connection of a broken pull is cut. */
export const thirdOf = (size: number): number => Math.floor(size / 3);
const always = (...actions: readonly FaultAction[]) => (): readonly FaultAction[] => actions;
const header = (name: string, value: string | undefined): FaultAction => ({
  kind: "headers",
  set: { [name]: value },
});

/** Wrong bytes of the right length: only the digest tells. */
const SAME_LENGTH = withVerdicts({ whole: DIGEST, sized: DIGEST }, [
  {
    name: "a bit flipped in the first byte",
    actions: always({ kind: "flip", at: 0, within: "body" }),
  },
  {
    name: "a bit flipped in a middle byte",
    actions: (size) => [{ kind: "flip", at: middleOf(size), within: "body", bit: 7 }],
  },
  {
    name: "a bit flipped in the last byte",
    actions: always({ kind: "flip", at: -1, within: "body" }),
  },
  { name: "other content", actions: always({ kind: "replace" }) },
  {
    name: "a segment repeated",
    actions: (size) => [{ kind: "duplicate", at: middleOf(size), bytes: 100, within: "body" }],
  },
]);

/** Another length, and headers that agree with it. */
const OTHER_LENGTH: readonly Corruption[] = [
  {
    name: "an empty body",
    actions: always({ kind: "truncate", at: 0 }),
    whole: SHORT,
    resumed: HEAD,
  },
  {
    name: "half of the body",
    actions: (size) => [{ kind: "truncate", at: middleOf(size) }],
    whole: SHORT,
    resumed: HEAD,
  },
  {
    name: "the last byte missing",
    actions: always({ kind: "truncate", at: -1 }),
    whole: SHORT,
    resumed: HEAD,
  },
  {
    name: "a byte too many",
    actions: always({ kind: "lengthen", bytes: 1 }),
    whole: DIGEST,
    resumed: HEAD,
  },
  {
    name: "a mebibyte too many",
    actions: always({ kind: "lengthen", bytes: 1024 * 1024 }),
    whole: DIGEST,
    resumed: HEAD,
  },
  {
    name: "a page of HTML",
    actions: always({
      kind: "answer",
      status: 200,
      headers: { "content-type": "text/html" },
      body: "<html>Sign in to the network</html>",
    }),
    whole: SHORT,
    resumed: RESUME,
  },
];

/** A length that is not the body's. */
const LYING_LENGTH: readonly Corruption[] = [
  {
    name: "Content-Length one too large",
    actions: (size) => [header("content-length", String(size + 1))],
    whole: HEAD,
    resumed: HEAD,
  },
  {
    name: "Content-Length a mebibyte too large",
    actions: (size) => [header("content-length", String(size + 1024 * 1024))],
    whole: [...HEAD, "RANGE_NOT_SATISFIABLE"],
    resumed: HEAD,
  },
  {
    name: "Content-Length one too small",
    actions: (size) => [header("content-length", String(size - 1))],
    whole: SHORT,
    resumed: HEAD,
  },
  {
    name: "Content-Length zero",
    actions: always(header("content-length", "0")),
    whole: SHORT,
    resumed: HEAD,
  },
  {
    name: "Content-Length that is no number",
    host: "odd",
    actions: always(header("content-length", "1x")),
    whole: "either",
    sized: "either",
  },
];

/** No length at all: the end of the body is told by its framing. */
const FRAMED: readonly Corruption[] = [CHUNKED, UNTIL_CLOSE].flatMap((frame) => {
  const by = frame.kind === "frame" ? frame.by : "";
  const isChunked = frame === CHUNKED;
  return withVerdicts({ whole: "right", tail: NO_END }, [
    { name: `${by}, whole`, actions: always(frame) },
    {
      name: `${by}, a bit flipped in the last byte`,
      actions: always({ kind: "flip", at: -1, within: "body" }, frame),
      whole: DIGEST,
      sized: DIGEST,
    },
    {
      name: `${by}, empty`,
      actions: always({ kind: "truncate", at: 0 }, frame),
      whole: SHORT,
      sized: RESUME,
      resumed: RESUME,
    },
    {
      name: `${by}, the last byte missing`,
      actions: always({ kind: "truncate", at: -1 }, frame),
      whole: SHORT,
      sized: RESUME,
      resumed: RESUME,
    },
    {
      name: `${by}, half of the body`,
      actions: (size) => [{ kind: "truncate", at: middleOf(size) }, frame],
      whole: SHORT,
      sized: "either",
      resumed: "either",
    },
    {
      name: `${by}, a byte too many`,
      actions: always({ kind: "lengthen", bytes: 1 }, frame),
      whole: DIGEST,
      resumed: SIZE,
    },
    {
      name: `${by}, broken in the middle`,
      actions: (size) => [frame, { kind: "cut", by: "close", at: middleOf(size) }],
      whole: isChunked ? "either" : SHORT,
      sized: "either",
      resumed: "either",
    },
  ]);
});

/** Encodings that nobody asked for, and other heads that are wrong for a blob. */
const HEADS: readonly Corruption[] = [
  {
    name: "Content-Encoding gzip over plain bytes",
    actions: always(header("content-encoding", "gzip")),
    whole: ENCODED,
    sized: ENCODED,
    resumed: ENCODED,
  },
  {
    name: "really gzipped",
    host: "gzip",
    actions: always(),
    whole: "either",
    sized: "either",
  },
  {
    name: "really gzipped, without saying so",
    host: "gzip",
    actions: always(header("content-encoding", undefined)),
    whole: SHORT,
    resumed: [...ENCODED, "DIGEST_MISMATCH"], // the cut answer said so
  },
  {
    name: "an unasked 206",
    actions: (size) => [{
      kind: "answer",
      status: 206,
      headers: { "content-range": `bytes 0-9/${size}` },
      body: "0123456789",
    }],
    whole: ["INVALID_RESPONSE", "UNEXPECTED_RESPONSE"],
    sized: ["INVALID_RESPONSE", "UNEXPECTED_RESPONSE"],
    resumed: [...HEAD, ...RESUME],
  },
  {
    name: "no content",
    actions: always({ kind: "answer", status: 204 }),
    whole: ["INVALID_RESPONSE", "UNEXPECTED_RESPONSE"],
    sized: ["INVALID_RESPONSE", "UNEXPECTED_RESPONSE"],
  },
  {
    name: "another Docker-Content-Digest",
    actions: always(header("docker-content-digest", `sha256:${"b".repeat(64)}`)),
    whole: "either",
    sized: "either",
  },
  {
    name: "never a byte of the body",
    actions: always({ kind: "cut", by: "reset", at: 0 }),
    whole: RESUME,
    sized: RESUME,
  },
];

/** Answers to a resume alone. The place where it starts is a third of the blob. */
export const ON_RESUME: readonly Corruption[] = withVerdicts({ whole: "right" }, [
  {
    name: "a part that starts elsewhere",
    actions: (size) => [
      header("content-range", `bytes ${thirdOf(size) - 1}-${size - 2}/${size}`),
    ],
    resumed: RESUME,
  },
  {
    name: "a part of a blob of another size",
    actions: (size) => [
      header("content-range", `bytes ${thirdOf(size)}-${size - 1}/${size + 1}`),
    ],
    resumed: RESUME,
  },
  {
    name: "a part longer than its Content-Range",
    actions: (size) => [header("content-range", `bytes ${thirdOf(size)}-${size - 2}/${size}`)],
    resumed: HEAD,
  },
  {
    name: "a part of a blob of unknown size",
    actions: (size) => [header("content-range", `bytes ${thirdOf(size)}-${size - 1}/*`)],
    resumed: "either", // where less had arrived the part is another than the one asked for
  },
  {
    name: "a part without Content-Range",
    actions: always(header("content-range", undefined)),
    resumed: HEAD,
  },
  {
    name: "416",
    actions: always({ kind: "answer", status: 416 }),
    resumed: [...RESUME, "UNEXPECTED_RESPONSE"],
  },
  { name: "404", actions: always({ kind: "answer", status: 404 }), resumed: ["NOT_FOUND"] },
  { name: "the whole from zero", host: "zero", actions: always(), resumed: "right" },
  {
    name: "the whole from zero, a bit flipped",
    host: "zero",
    actions: (size) => [{ kind: "flip", at: middleOf(size), within: "body" }],
    resumed: DIGEST,
  },
  {
    name: "the whole from zero, a byte missing",
    host: "zero",
    actions: always({ kind: "truncate", at: -1 }),
    resumed: RESUME,
  },
]);

/** Every row. */
export const CORRUPTIONS: readonly Corruption[] = [
  ...SAME_LENGTH,
  ...OTHER_LENGTH,
  ...LYING_LENGTH,
  ...FRAMED,
  ...HEADS,
  ...ON_RESUME,
];
