import { MAX_INDEX_DEPTH, type PulledManifest, tooDeep } from "../client/mod.ts";
import { TidegateError } from "../core/mod.ts";
import {
  type Descriptor,
  formatPlatform,
  isAttestation,
  parsePlatform,
  type Platform,
  selectPlatform,
} from "../manifest/mod.ts";
import type { CopyDestination } from "./endpoint.ts";
import type { CopyOptions } from "./options.ts";
import type { ChooseEntries, TreeReader } from "./read_tree.ts";

/** BuildKit's link from an attestation to the image that it is about. */
const ABOUT = "vnd.docker.reference.digest";

/** The platforms that are wanted, each once; undefined for all. */
export function wantedPlatforms({ platforms }: CopyOptions): readonly Platform[] | undefined {
  if (platforms === undefined) return undefined;
  if (platforms.length === 0) throw new TypeError("platforms must name one, or be left out");
  const parsed = platforms.map((one) => typeof one === "string" ? parsePlatform(one) : one);
  return [...new Map(parsed.map((one) => [formatPlatform(one), one])).values()];
}

/**
 * The manifest for one platform: its digest is what is copied, byte for byte.
 * @throws {TidegateError} PLATFORM_NOT_FOUND.
 */
export async function selectOne(
  reader: TreeReader,
  root: PulledManifest,
  platform: Platform,
): Promise<PulledManifest> {
  let pulled = root;
  for (let depth = 1; pulled.manifest.kind === "index"; depth++) {
    if (depth > MAX_INDEX_DEPTH) throw tooDeep();
    pulled = await reader.manifest(selectPlatform(pulled.manifest, platform));
  }
  return pulled;
}

/**
 * Keeps the entries of an index for some platforms, and the attestations about them. The index
 * itself stays as it is, as its digest is of its bytes: so it lists more than there is.
 *
 * @throws {TidegateError} PLATFORM_NOT_FOUND.
 */
export function choosePlatforms(platforms: readonly Platform[]): ChooseEntries {
  return (entries) => {
    const chosen = new Set<Descriptor>();
    for (const platform of platforms) chosen.add(selectPlatform({ manifests: entries }, platform));
    const digests = new Set<string>([...chosen].map(({ digest }) => digest));
    return entries.filter((entry) =>
      chosen.has(entry) ||
      (isAttestation(entry) && digests.has(entry.annotations?.[ABOUT] ?? ""))
    );
  };
}

/** @throws {TidegateError} UNSUPPORTED where the destination would refuse the index. */
export function assertSparse({ acceptsSparse, name }: CopyDestination, options: CopyOptions): void {
  if (acceptsSparse || options.sparse) return;
  const what = "part of an index";
  const reason = "registries refuse an index that lists what they lack: copy one platform, or all";
  throw new TidegateError("UNSUPPORTED", `A ${what} to ${name}: ${reason}`, { what, reason });
}
