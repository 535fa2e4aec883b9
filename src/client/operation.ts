import { excerpt, isTidegateError } from "../core/mod.ts";
import {
  nextNumber,
  observe,
  type OperationEvent,
  type OperationName,
} from "../observability/mod.ts";
import { type Digest, formatReference, type Reference } from "../reference/mod.ts";
import type { ByteReader } from "../verify/mod.ts";
import type { ClientContext } from "./context.ts";

type Ended = OperationEvent & { readonly type: "operation.ended" };

/** What an operation came to, for its last event. */
export type OperationFacts = Partial<Pick<Ended, "digest" | "mediaType" | "size" | "outcome">>;

/** An operation that runs. */
export interface Operation {
  /** What its requests go through, so that their events name it. */
  readonly context: ClientContext;
  /** It came to its end. */
  end(facts: OperationFacts): void;
  /** It failed. What is told after the first end is ignored. */
  fail(error: unknown): void;
}

const nothing = (): void => {};

/** Begin what is to be told as a whole. Without an observer it costs nothing. */
export function beginOperation(
  context: ClientContext,
  name: OperationName,
  ref: Reference,
): Operation {
  const { connect, settings: { clock, observer } } = context;
  if (observer === undefined) return { context, end: nothing, fail: nothing };
  const operation = nextNumber();
  const startedAt = clock.now();
  const facts = { operation, name, upstream: connect(ref).upstream.name };
  const image = excerpt(formatReference(ref));
  observe(observer, { type: "operation.started", ...facts, image });
  let hasEnded = false;
  const end = (came: OperationFacts): void => {
    if (hasEnded) return;
    hasEnded = true;
    const milliseconds = clock.now() - startedAt;
    observe(observer, { type: "operation.ended", ...facts, outcome: "ok", ...came, milliseconds });
  };
  const fail = (error: unknown): void => {
    end({ outcome: isTidegateError(error) ? error.code : "ABORTED" });
  };
  return {
    context: {
      ...context,
      operation,
      connect: (ref) => {
        const connection = connect(ref);
        return { ...connection, send: (request) => connection.send({ ...request, operation }) };
      },
    },
    end,
    fail,
  };
}

/** Run an operation from its beginning to its end. */
export async function runOperation<T extends OperationFacts>(
  context: ClientContext,
  name: OperationName,
  ref: Reference,
  run: (context: ClientContext) => Promise<T>,
): Promise<T> {
  const operation = beginOperation(context, name, ref);
  try {
    const result = await run(operation.context);
    const { digest, mediaType, outcome = "ok", size } = result;
    operation.end({ digest, mediaType, outcome, size });
    return result;
  } catch (error) {
    operation.fail(error);
    throw error;
  }
}

/**
 * End an operation when the transfer of its blob has: the promise settles.
 *
 * @returns The reader to take instead, which counts.
 */
export function watchBlob(
  { context, end, fail }: Operation,
  digest: Digest,
  reader: ByteReader,
): { readonly reader: ByteReader; readonly settle: (verified: Promise<unknown>) => void } {
  if (context.operation === undefined) return { reader, settle: nothing };
  let size = 0;
  const counting: ByteReader = {
    get owned(): boolean {
      return reader.owned === true;
    },
    async read(): Promise<Uint8Array | undefined> {
      const chunk = await reader.read();
      size += chunk?.length ?? 0;
      return chunk;
    },
    cancel: (reason) => reader.cancel(reason),
  };
  const settle = (verified: Promise<unknown>): void => {
    verified.then(() => end({ digest, size }), fail);
  };
  return { reader: counting, settle };
}
