/**
 * The pull bench inside Node, Deno or Bun: `pull_child.ts RUNTIME ROUNDS URL DIGEST SIZE PART`
 * prints its line as JSON. Time and memory run in processes of their own.
 *
 * In: the arguments. Out: a line on standard output. Next: `pull.ts` passes it on.
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRegistryClient } from "../src/client/mod.ts";
import { systemClock } from "../src/core/mod.ts";
import { createHasher } from "../src/hash/mod.ts";
import { parseReference } from "../src/reference/mod.ts";
import { type ByteReader, readerOf } from "../src/verify/mod.ts";
import { type BenchLine, median, peakRssMib, rounded } from "./runner.ts";

const MIB = 1024 * 1024;
/** What a verified pull may add to the memory of the process. */
const MOST_GROWTH_MIB: Readonly<Record<string, number>> = { node: 160, deno: 64, bun: 64 };

const [runtime = "", rounds = "1", url = "", digest = "", sizeText = "", part] = process.argv.slice(
  2,
);
const size = Number(sizeText);
const { host } = new URL(url);
const registry = createRegistryClient();
const ref = parseReference(`${host}/bench/blob@${digest}`);
const folder = mkdtempSync(join(tmpdir(), "tidegate-pull-"));

async function openReader(): Promise<ByteReader> {
  const { body } = await fetch(url);
  return readerOf({ body, url, release: () => {} }, {
    clock: systemClock,
    stallMs: 30_000,
    sizeHint: size,
  });
}

async function writeWhole(file: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let at = 0; at < chunk.length;) at += (await file.write(chunk, at)).bytesWritten;
}

async function toFile(move: (file: FileHandle) => Promise<void>): Promise<void> {
  const file = await open(join(folder, "blob"), "w");
  try {
    await move(file);
  } finally {
    await file.close();
  }
}

/** The same read loop without the check. */
function fetchToDisk(): Promise<void> {
  return toFile(async (file) => {
    const reader = await openReader();
    for (let chunk; (chunk = await reader.read()) !== undefined;) await writeWhole(file, chunk);
  });
}

function pull(): Promise<void> {
  return toFile(async (file) => {
    const sink = {
      borrows: true, // each write is awaited to its end
      write: (chunk: Uint8Array): Promise<void> => writeWhole(file, chunk),
      close: () => Promise.resolve(),
      abort: () => Promise.resolve(),
    };
    const blob = await registry.blobs.get(ref, digest, { size });
    await blob.pipeTo(sink);
  });
}

async function hashAlone(): Promise<void> {
  const hasher = createHasher("sha256");
  const piece = new Uint8Array(MIB);
  for (let left = size; left > 0; left -= MIB) await hasher.update(piece);
  await hasher.digest();
}

async function time(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

async function compareTimes(): Promise<BenchLine> {
  const times: { pull: number; limit: number }[] = [];
  for (let round = -1; round < Number(rounds); round++) {
    const early = round % 2 ? await time(pull) : 0;
    const limit = await time(fetchToDisk) + await time(hashAlone);
    const taken = round % 2 ? early : await time(pull);
    if (round >= 0) times.push({ pull: taken, limit });
  }
  const perSecond = (milliseconds: number): number => rounded(size / MIB / milliseconds * 1000, 0);
  return {
    bench: "pull",
    runtime,
    case: "pull-1GiB",
    vs: "fetch to disk + native hash",
    ratio: rounded(median(times.map(({ pull, limit }) => limit / pull)), 3),
    value: perSecond(median(times.map(({ pull }) => pull))),
    peer: perSecond(median(times.map(({ limit }) => limit))),
    unit: "MiB/s",
    rss_mib: peakRssMib(),
  };
}

async function measureMemory(): Promise<BenchLine> {
  const before = peakRssMib() ?? 0;
  await pull();
  const peak = peakRssMib();
  const growth = Math.max((peak ?? 0) - before, 1);
  const allowed = MOST_GROWTH_MIB[runtime] ?? 64;
  return {
    bench: "pull",
    runtime,
    case: "pull-1GiB-memory",
    vs: "growth allowed",
    ratio: rounded(allowed / growth),
    value: growth,
    peer: allowed,
    unit: "MiB",
    rss_mib: peak,
  };
}

try {
  console.log(JSON.stringify(await (part === "memory" ? measureMemory() : compareTimes())));
} finally {
  rmSync(folder, { recursive: true });
}
