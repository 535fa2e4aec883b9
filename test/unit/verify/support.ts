import { createHash } from "node:crypto";
import type { ByteReader, ByteSink } from "../../../src/verify/mod.ts";
import { type Clock, sleep } from "../../../src/core/mod.ts";
import { type Digest, parseDigest } from "../../../src/reference/mod.ts";

/** A body whose bytes differ at every offset that matters. */
export function bodyOf(length: number, seed = 1): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let state = (seed * 2654435761) >>> 0;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

/** The digest by an implementation that is not under test. */
export function digestOf(bytes: Uint8Array, algorithm: "sha256" | "sha512" = "sha256"): Digest {
  return parseDigest(`${algorithm}:${createHash(algorithm).update(bytes).digest("hex")}`);
}

/** What a scripted reader saw. */
export interface ScriptedReader extends ByteReader {
  readonly reads: () => number;
  readonly cancelled: () => unknown;
}

/**
 * A reader that gives `chunks` in one buffer that it overwrites at each read, as the contract
 * allows; an `Error` among them is thrown.
 */
export function scriptedReader(chunks: Iterable<Uint8Array | Error>): ScriptedReader {
  const script = chunks[Symbol.iterator]();
  let buffer = new Uint8Array(0);
  let reads = 0;
  let cancelled: unknown;
  return {
    reads: () => reads,
    cancelled: () => cancelled,
    async read(): Promise<Uint8Array | undefined> {
      reads++;
      buffer.fill(0xee);
      const { done, value } = script.next();
      if (done) return undefined;
      if (value instanceof Error) throw value;
      if (value.length > buffer.length) buffer = new Uint8Array(value.length);
      buffer.set(value);
      return buffer.subarray(0, value.length);
    },
    async cancel(reason): Promise<void> {
      cancelled ??= reason ?? "cancelled";
    },
  };
}

/** A body cut into chunks of `size` bytes. */
export function split(bytes: Uint8Array, size: number): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
  return chunks;
}

/** A sink that keeps everything, and says how it ended. */
export interface CollectingSink extends ByteSink {
  readonly bytes: () => Uint8Array;
  readonly ending: () => "open" | "closed" | "aborted";
}

export function collectingSink(): CollectingSink {
  const parts: number[] = [];
  let ending: "open" | "closed" | "aborted" = "open";
  return {
    bytes: () => Uint8Array.from(parts),
    ending: () => ending,
    async write(chunk): Promise<void> {
      if (chunk.length === 0) throw new Error("An empty write");
      await Promise.resolve(); // the buffer must survive until this promise has resolved
      for (const byte of chunk) parts.push(byte);
    },
    async close(): Promise<void> {
      ending = "closed";
    },
    async abort(): Promise<void> {
      ending = "aborted";
    },
  };
}

/** The same chunk for ever. */
export function* endless(chunk: Uint8Array): Generator<Uint8Array> {
  for (;;) yield chunk;
}

/** A clock that stands still until it is told to go on. */
export interface VirtualClock extends Clock {
  advance(milliseconds: number): void;
  /** Timers that are set and were not stopped. */
  readonly timers: () => number;
}

export function virtualClock(): VirtualClock {
  let now = 0;
  const timers = new Map<number, { at: number; callback: () => void }>();
  let next = 0;
  const clock: VirtualClock = {
    now: () => now,
    sleep: (milliseconds, signal) => sleep(clock, milliseconds, signal),
    after(milliseconds, callback): () => void {
      const id = next++;
      timers.set(id, { at: now + milliseconds, callback });
      return () => void timers.delete(id);
    },
    advance(milliseconds): void {
      now += milliseconds;
      for (const [id, timer] of timers) {
        if (timer.at > now) continue;
        timers.delete(id);
        timer.callback();
      }
    },
    timers: () => timers.size,
  };
  return clock;
}
