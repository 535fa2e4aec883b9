import type { HashState } from "./hash_state.ts";
import { LANES, type LanesEngine } from "./lanes_engine.ts";

const BLOCK_BYTES = 64;
/** What a lane takes at once. */
const WINDOW_BLOCKS = 1024;
/** Of four lanes, so many must be busy: two go as fast one after the other. */
const WORTHWHILE_LANES = 3;
/** Less is not worth a lane. */
const FEW_BLOCKS = 64;
/** So many of the last pieces tell how many streams there are. */
const RECENT = 12;
/** How long to wait for the others' next pieces. A turn in which nothing happens takes microseconds. */
const MOST_TURNS = 64;

/** Bytes of one hash that may go with those of others. */
export interface LaneWork {
  readonly state: HashState;
  /** What is not hashed yet. */
  rest: Uint8Array;
  /** Hash the rest alone, and tell who waits. Never throws. */
  finish(): void;
}

/** Collects work of several hashes and does it side by side. */
export interface LaneQueue {
  /** Take work in: begun at once if it makes four, and done some turns later in any case. */
  add(work: LaneWork): void;
  /** It is being finished elsewhere. */
  remove(work: LaneWork): void;
}

/**
 * Make a queue.
 *
 * @param engine Where four lanes go side by side.
 * @param atEndOfTurn Calls back when what has happened by now was dealt with.
 */
export function createLaneQueue(
  engine: LanesEngine,
  atEndOfTurn: (callback: () => void) => void,
): LaneQueue {
  const waiting: LaneWork[] = [];
  const recent: LaneWork[] = []; // each as often as it came
  let turns = -1; // since somebody waits; negative when nobody does

  const remove = (work: LaneWork): void => {
    const at = waiting.indexOf(work);
    if (at >= 0) waiting.splice(at, 1);
  };
  const runOldest = (): void => {
    const lanes = waiting.slice(0, LANES);
    runLanes(engine, lanes);
    for (const work of lanes) {
      if (blocksOf(work) >= FEW_BLOCKS) continue;
      remove(work);
      work.finish();
    }
  };
  const endTurn = (): void => {
    const partners = Math.min(LANES, new Set(recent).size);
    const areMissing = partners >= WORTHWHILE_LANES && waiting.length < partners;
    if (areMissing && waiting.length > 0 && turns++ < MOST_TURNS) return atEndOfTurn(endTurn);
    turns = -1;
    while (waiting.length >= WORTHWHILE_LANES) runOldest();
    for (const work of waiting.splice(0)) work.finish();
  };
  return {
    add(work): void {
      waiting.push(work);
      if (recent.push(work) > RECENT) recent.shift();
      while (waiting.length >= LANES) runOldest();
      if (turns >= 0 || waiting.length === 0) return;
      turns = 0;
      atEndOfTurn(endTurn);
    },
    remove,
  };
}

/** Whole blocks, with the bytes that the state holds. None if somebody took the buffer away. */
function blocksOf({ rest, state }: LaneWork): number {
  return Math.floor((state.length % BLOCK_BYTES + rest.length) / BLOCK_BYTES);
}

/** As many blocks as all of them have. */
function runLanes({ blocks, compress }: LanesEngine, works: readonly LaneWork[]): void {
  const count = Math.min(WINDOW_BLOCKS, ...works.map(blocksOf));
  if (count < FEW_BLOCKS) return;
  const lanes = works.map((work, i) => {
    const { rest, state: { chain, length, pending } } = work;
    const held = length % BLOCK_BYTES;
    const taken = count * BLOCK_BYTES - held;
    const at = i * WINDOW_BLOCKS * BLOCK_BYTES;
    blocks.set(pending.subarray(0, held), at);
    blocks.set(rest.subarray(0, taken), at + held);
    return { chain, at, taken };
  });
  compress(count, lanes);
  for (const [i, { taken }] of lanes.entries()) {
    const work = works[i] as LaneWork;
    work.state.length += taken;
    work.rest = work.rest.subarray(taken);
  }
}
