import { createStall } from "./upload_stall.ts";
import { type OpenUpload, uploadFailed } from "./upload_state.ts";

/** A body that is read from the source while it is sent. */
export interface UploadBody {
  readonly stream: ReadableStream<Uint8Array>;
  /** For its request: aborts with NETWORK_TIMEOUT when the body does not move, or as the caller does. */
  readonly signal: AbortSignal;
  /** Why it ended early. */
  failure(): unknown;
  /** Whether all of it was read. */
  isDone(): boolean;
  /** The request is over: whoever still reads the body gets nothing more of the window. */
  stop(): void;
}

/** A part of a body. */
export interface BodyPiece {
  /**
   * They must lie still until two more were asked for: a socket that is full takes small pieces on trust
   * (the ring of `UploadWindow.take`). Only the last may be empty.
   */
  readonly bytes: Uint8Array;
  readonly isLast: boolean;
}

/**
 * Make a body that is not held.
 *
 * @param next Gives the next piece. What it waited for may have outlasted the request: after each wait,
 * and before it drops or hands on anything, it must call `assertOpen`, which throws UPLOAD_FAILED then.
 */
export function createUploadBody(
  upload: OpenUpload,
  next: (assertOpen: () => void) => Promise<BodyPiece>,
): UploadBody {
  const stall = createStall(upload);
  let failure: unknown;
  let [isDone, isOver] = [false, false];
  const assertOpen = (): void => {
    if (isOver) throw uploadFailed("the request was over before all was sent");
  };
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
    stall.stop();
    try {
      assertOpen();
      const { bytes, isLast } = await next(assertOpen);
      upload.sentBytes += bytes.length;
      if (bytes.length > 0) controller.enqueue(bytes);
      isDone = isLast;
      if (isLast) controller.close();
      stall.touch();
    } catch (error) {
      failure = error;
      throw error;
    }
  };
  return {
    stream: new ReadableStream<Uint8Array>({ pull }, { highWaterMark: 0 }),
    signal: stall.signal,
    failure: () => failure,
    isDone: () => isDone,
    stop(): void {
      isOver = true;
      stall.stop();
    },
  };
}
