import { existsSync, globSync, readFileSync, writeFileSync } from "node:fs";
import { type Problem, report } from "./source_files.ts";

/** What `tools/exports.json` lists besides the folders. */
export interface ExtraExports {
  /** Subpath to source file. */
  readonly files: Readonly<Record<string, string>>;
  /** Subpath to the source file that takes its place under the `workerd` condition. */
  readonly workerd: Readonly<Record<string, string>>;
  /** Subpaths that only `deno.json` has. */
  readonly denoOnly: Readonly<Record<string, string>>;
}

/** An entry of package.json's `exports`. */
export type Conditions = Readonly<Record<string, string>>;

/** Both export maps, made from one list. */
export interface ExportMaps {
  readonly deno: Readonly<Record<string, string>>;
  readonly npm: Readonly<Record<string, Conditions | string>>;
}

/**
 * The export maps for a tree.
 * @param mods Paths of the public `src/<folder>/mod.ts`.
 * @param exists Whether a source file is there; what is not is left out.
 */
export function exportMaps(
  mods: readonly string[],
  extra: ExtraExports,
  exists: (path: string) => boolean,
): ExportMaps {
  const folders = mods.map((path) => [`./${path.split("/")[1]}`, path] as const);
  const files = Object.entries(extra.files).filter(([, path]) => exists(path));
  const shared = [...folders, ...files].sort(([a], [b]) => a < b ? -1 : 1);
  const all = [[".", "mod.ts"] as const, ...shared];
  const denoOnly = Object.entries(extra.denoOnly).filter(([, path]) => exists(path));
  return {
    deno: Object.fromEntries([...all, ...denoOnly].map(([key, path]) => [key, `./${path}`])),
    npm: {
      ...Object.fromEntries(all.map(([key, path]) => [key, conditions(path, extra.workerd[key])])),
      "./package.json": "./package.json",
    },
  };
}

function conditions(path: string, workerd: string | undefined): Conditions {
  const built = (file: string): string => `./dist/${file.replace(/\.ts$/, ".js")}`;
  return {
    types: `./dist/${path.replace(/\.ts$/, ".d.ts")}`,
    ...(workerd && { workerd: built(workerd) }),
    default: built(path),
  };
}

/** Say where a manifest's map is not the one that the tree asks for. */
export function compareExports(name: string, actual: unknown, wanted: unknown): Problem[] {
  const has = (actual ?? {}) as Record<string, unknown>;
  const wants = wanted as Record<string, unknown>;
  return [...new Set([...Object.keys(has), ...Object.keys(wants)])].flatMap((key) => {
    if (JSON.stringify(has[key]) === JSON.stringify(wants[key])) return [];
    if (!(key in has)) return [`${name}: exports lacks ${key}`];
    if (!(key in wants)) return [`${name}: exports ${key}, which src has not`];
    return [`${name}: exports ${key} differs from ${JSON.stringify(wants[key])}`];
  });
}

/** The maps of this project. */
export function wantedExports(): ExportMaps {
  const extra = JSON.parse(readFileSync("tools/exports.json", "utf8")) as ExtraExports;
  return exportMaps(globSync("src/*/mod.ts").sort(), extra, existsSync);
}

interface Manifest {
  exports?: unknown;
}

function main(write: boolean): Problem[] {
  const wanted = wantedExports();
  const files = { "deno.json": wanted.deno, "package.json": wanted.npm };
  return Object.entries(files).flatMap(([name, map]) => {
    const manifest = JSON.parse(readFileSync(name, "utf8")) as Manifest;
    if (!write) return compareExports(name, manifest.exports, map);
    writeFileSync(name, `${JSON.stringify({ ...manifest, exports: map }, undefined, 2)}\n`);
    return [];
  });
}

// With --write the maps are brought up to date.
if (import.meta.main) report("exports", main(process.argv.includes("--write")));
