import { mkdirSync, mkdtempSync, rmSync, statfsSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { take, tidegate } from "./cli_commands.ts";
import { imageAt } from "./cli_images.ts";
import { startZeroRegistry, type ZeroImage, zeroImage } from "./cli_zeros.ts";
import { type BenchLine, type BenchOptions, rounded } from "./runner.ts";

const MIB = 1024 * 1024;
/** Peak resident memory of a pull and of a push, whatever their size. */
const MOST_MIB: Readonly<Record<string, number>> = { node: 200, deno: 120, bun: 120 };
/** A layer that is larger by far may take so much more than one of {@linkcode SMALL_MIB}. */
const MOST_BY_SIZE = 1.1;
/** Six layers at once may take so much more than one. */
const MOST_BY_COUNT_MIB = 64;
const SMALL_MIB = 100;
const COUNT = 6;

interface Sizes {
  readonly largeMib: number;
  readonly eachMib: number;
}

/** What a pull writes must fit the disk. */
const QUICK: Sizes = { largeMib: 1024, eachMib: 128 };
const FULL: Sizes = { largeMib: 10 * 1024, eachMib: 512 };

/** A move of images, and what it took. */
interface Move {
  readonly name: "pull" | "push";
  readonly peak: (runtime: string, image: ZeroImage) => Promise<number>;
}

/** Peak resident memory of `pull` and `push`: of one large layer, and of six at once. */
export async function* benchMemory(
  { full, runtimes }: Pick<BenchOptions, "full" | "runtimes">,
): AsyncGenerator<BenchLine> {
  const { eachMib, largeMib } = full ? FULL : QUICK;
  const small = zeroImage(SMALL_MIB * MIB, 1);
  const large = zeroImage(largeMib * MIB, 1);
  const one = zeroImage(eachMib * MIB, 1);
  const several = zeroImage(eachMib * MIB, COUNT);
  for (const runtime of runtimes) {
    for (const { name, peak } of [pull, push]) {
      const line = (what: string, vs: string, value: number, most: number): BenchLine => ({
        ...{ bench: "cli", runtime, case: `${name}-${what}-memory`, vs },
        ...{ ratio: rounded(most / value), value, peer: rounded(most, 0), unit: "MiB" },
        rss_mib: value,
      });
      const least = await peak(runtime, small);
      const most = await peak(runtime, large);
      const size = sizeName(largeMib);
      yield line(size, "what is allowed", most, MOST_MIB[runtime] ?? 120);
      yield line(`${size}-by-size`, `${SMALL_MIB} MiB layer + 10 %`, most, least * MOST_BY_SIZE);
      const alone = await peak(runtime, one);
      const together = await peak(runtime, several);
      const vs = `one layer + ${MOST_BY_COUNT_MIB} MiB`;
      yield line(`${COUNT}x${eachMib}MiB`, vs, together, alone + MOST_BY_COUNT_MIB);
    }
  }
}

function sizeName(mib: number): string {
  return mib % 1024 === 0 ? `${mib / 1024}GiB` : `${mib}MiB`;
}

/** Out of a registry that makes up its bytes, into a cache on the disk. */
const pull: Move = {
  name: "pull",
  peak: (runtime, image) =>
    inFolder(async (folder) => {
      assertRoom(folder, image);
      const registry = await startZeroRegistry(image);
      try {
        const from = imageAt(registry.origin, "zeros/image:v1");
        const cache = join(folder, "cache");
        const { peakMib } = await take(tidegate(runtime, ["pull", from, "--cache", cache]));
        return peakMib ?? NaN;
      } finally {
        await registry.stop();
      }
    }),
};

/** Out of a layout of sparse files, into a registry that counts what it gets. */
const push: Move = {
  name: "push",
  peak: (runtime, image) =>
    inFolder(async (folder) => {
      writeLayout(folder, image);
      const registry = await startZeroRegistry(image);
      try {
        const to = imageAt(registry.origin, "pushed/image:v1");
        const { peakMib } = await take(tidegate(runtime, ["copy", `oci:${folder}:v1`, to]));
        const sizes = [...image.layers.values()].reduce((sum, size) => sum + size, 0);
        if (registry.received() < sizes) throw new Error(`Pushed ${registry.received()} bytes`);
        return peakMib ?? NaN;
      } finally {
        await registry.stop();
      }
    }),
};

async function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "tidegate-memory-"));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function assertRoom(folder: string, { layers }: ZeroImage): void {
  const { bavail, bsize } = statfsSync(folder);
  const needed = [...layers.values()].reduce((sum, size) => sum + size, 0);
  if (bavail * bsize < needed * 1.1) throw new Error(`${folder} has no room for ${needed} bytes`);
}

function writeLayout(folder: string, image: ZeroImage): void {
  const blobs = join(folder, "blobs", "sha256");
  mkdirSync(blobs, { recursive: true });
  const pathOf = (digest: string): string => join(blobs, digest.replace("sha256:", ""));
  for (const [digest, size] of image.layers) {
    writeFileSync(pathOf(digest), "");
    truncateSync(pathOf(digest), size);
  }
  writeFileSync(pathOf(image.configDigest), image.config);
  writeFileSync(pathOf(image.digest), image.manifest);
  writeFileSync(join(folder, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
  const named = {
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    digest: image.digest,
    size: image.manifest.length,
    annotations: { "org.opencontainers.image.ref.name": "v1" },
  };
  writeFileSync(
    join(folder, "index.json"),
    JSON.stringify({ schemaVersion: 2, manifests: [named] }),
  );
}
