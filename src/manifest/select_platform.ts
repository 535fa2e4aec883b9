import { excerpt, TidegateError } from "../core/mod.ts";
import type { Descriptor } from "./descriptor.ts";
import { formatPlatform, normalizePlatform, type Platform } from "./platform.ts";

/** How BuildKit marks index entries that describe another entry. */
const ATTESTATION = "vnd.docker.reference.type";

/**
 * The entry of an index that runs on a platform, chosen as containerd does: the exact one, or the
 * nearest that the same machine also runs.
 *
 * | asked | also taken, in this order |
 * |---|---|
 * | `arm/v7` | `v6`, `v5` |
 * | `arm64/v9.2` | `v9.1`, `v9`, `v8.7` … `v8`, `arm/v8` … `arm/v5` |
 * | `amd64/v3` | `v2`, `amd64`, `386` |
 * | `windows(10.0.17763)` | the same build, highest revision first |
 *
 * Attestations (`unknown/unknown`) are never chosen. A single entry that names no platform is taken
 * when no other fits: its config decides.
 *
 * @param index Only its entries are looked at; an entry may be an index again.
 * @throws {TidegateError} PLATFORM_NOT_FOUND, listing what there is.
 */
export function selectPlatform(
  index: { readonly manifests: readonly Descriptor[] },
  platform: Platform,
): Descriptor {
  const wanted = normalizePlatform(platform);
  const entries = index.manifests.filter((entry) => !isAttestation(entry));
  const machines = compatibleMachines(wanted);
  const fitting = entries.flatMap((entry) => rankEntry(entry, wanted, machines) ?? []);
  fitting.sort((a, b) => a.rank - b.rank || b.revision - a.revision);
  const unnamed = entries.filter((entry) => entry.platform === undefined);
  const chosen = fitting[0]?.entry ?? (unnamed.length === 1 ? unnamed[0] : undefined);
  if (chosen !== undefined) return chosen;
  throw notFound(wanted, entries);
}

/** Whether an index entry describes another entry instead of an image to run. */
export function isAttestation(entry: Descriptor): boolean {
  if (Object.hasOwn(entry.annotations ?? {}, ATTESTATION)) return true;
  return entry.platform?.os === "unknown" && entry.platform.architecture === "unknown";
}

interface Ranked {
  readonly entry: Descriptor;
  readonly rank: number;
  readonly revision: number;
}

function rankEntry(
  entry: Descriptor,
  wanted: Platform,
  machines: readonly string[],
): Ranked | undefined {
  if (entry.platform === undefined) return undefined;
  const platform = normalizePlatform(entry.platform);
  const rank = machines.indexOf(machine(platform.architecture, platform.variant));
  if (rank === -1 || platform.os !== wanted.os || !hasSystem(platform, wanted)) return undefined;
  // revisions compare within one build only
  const revision = wanted.osVersion === undefined ? 0 : windowsRevision(platform.osVersion);
  return { entry, rank, revision };
}

/** Windows containers share the kernel, so the build must match; elsewhere features must. */
function hasSystem(platform: Platform, wanted: Platform): boolean {
  if (wanted.os !== "windows") {
    return (platform.osFeatures ?? []).every((name) => wanted.osFeatures?.includes(name));
  }
  if (platform.osVersion === undefined || wanted.osVersion === undefined) return true;
  return windowsBuild(platform.osVersion) === windowsBuild(wanted.osVersion);
}

function windowsBuild(version: string): string {
  return version.split(".", 3).join(".");
}

function windowsRevision(version = ""): number {
  const [, , , revision = ""] = version.split(".", 4);
  return /^[0-9]{1,9}$/.test(revision) ? Number(revision) : 0;
}

/** The machines that run what `wanted` runs, the best first, each as `architecture/variant`. */
function compatibleMachines({ architecture, variant }: Platform): readonly string[] {
  const version = /^v([0-9]{1,2})(?:\.([0-9]{1,2}))?$/.exec(variant ?? "");
  const major = Number(version?.[1] ?? 0);
  const minor = Number(version?.[2] ?? 0);
  const exact = machine(architecture, variant);
  if (variant !== undefined && version === null) return [exact];
  if (architecture === "amd64") {
    return [exact, ...countDown(major - 1, 2, "amd64/v"), machine("amd64"), machine("386")];
  }
  if (architecture === "arm") return [exact, ...countDown(major - 1, 5, "arm/v")];
  if (architecture !== "arm64") return [exact];
  return [exact, ...arm64Below(major || 8, minor), ...countDown(8, 5, "arm/v")];
}

/** Armv9.x extends Armv8.(x+5): Arm ARM, section A2.1. */
function arm64Below(major: number, minor: number): string[] {
  if (major > 9) return [];
  const nines = major === 9 ? [...countDown(minor - 1, 1, "arm64/v9."), "arm64/v9"] : [];
  const eights = countDown(major === 9 ? minor + 5 : minor - 1, 1, "arm64/v8.");
  return [...nines, ...eights, machine("arm64")];
}

function countDown(from: number, to: number, prefix: string): string[] {
  return Array.from({ length: Math.max(from - to + 1, 0) }, (_, i) => `${prefix}${from - i}`);
}

function machine(architecture: string, variant = ""): string {
  return `${architecture}/${variant}`;
}

function notFound(wanted: Platform, entries: readonly Descriptor[]): TidegateError {
  const named = entries.flatMap(({ platform }) => platform ?? []);
  const available = [...new Set(named.map((p) => excerpt(formatPlatform(normalizePlatform(p)))))];
  const requested = excerpt(formatPlatform(wanted));
  const list = available.length === 0 ? "nothing" : excerpt(available.join(", "), 1024);
  return new TidegateError(
    "PLATFORM_NOT_FOUND",
    `No image for platform ${requested}; there is ${list}`,
    { requested, available },
  );
}
