import { readFileSync } from "node:fs";
import { type Import, importsOf, packageOf } from "./imports.ts";
import { type Problem, readSources, report, type SourceFile } from "./source_files.ts";

/** Who may import whom. The order of `folders` is from the ground up. */
export interface Layers {
  /** For each folder of `src`, the folders that it may import. */
  readonly folders: Readonly<Record<string, readonly string[]>>;
  /** For each package, the folders that may import it. */
  readonly packages: Readonly<Record<string, readonly string[]>>;
}

/** Files that may name a runtime: adapters by suffix, and the entries. */
export const ADAPTER = /_(node|workerd|host)\.ts$/;
const ENTRIES: ReadonlySet<string> = new Set([
  "src/front/worker.ts",
  "src/hash/lanes.ts",
  "src/hash/workerd.ts",
  "src/kv/workers.ts",
  "src/kv/cache_api_workerd.ts",
  "src/copy/upload_records_node.ts",
  "src/kv/sqlite_node.ts",
]);

/** Whether a file is an adapter or an entry. */
export function isAdapter(path: string): boolean {
  return ADAPTER.test(path) || ENTRIES.has(path);
}

/** Folders import downwards, through `mod.ts`, never their own, with no cycle; packages have homes. */
export function checkLayers(files: readonly SourceFile[], layers: Layers): Problem[] {
  const inSrc = files.filter(({ path }) => path.startsWith("src/"));
  const graph = new Map<string, string[]>();
  const problems: Problem[] = [];
  for (const file of inSrc) {
    const imports = importsOf(file);
    graph.set(file.path, imports.flatMap(({ target }) => target ?? []));
    for (const one of imports) problems.push(...checkImport(file.path, one, layers));
  }
  return [...problems, ...findCycles(graph)];
}

function checkImport(path: string, one: Import, layers: Layers): Problem[] {
  const from = path.split("/")[1] ?? "";
  const allowed = layers.folders[from];
  if (allowed === undefined) return [`${path}: folder ${from}/ has no row in layers.json`];
  if (one.target === undefined) return checkPackage(path, from, one, layers);
  const [top, to = ""] = one.target.split("/");
  if (top !== "src") return [`${one.at}: src may not import ${one.specifier}`];
  if (to === from) {
    return one.target === `src/${from}/mod.ts`
      ? [`${one.at}: a folder imports its own mod.ts`]
      : [];
  }
  if (!allowed.includes(to)) return [`${one.at}: ${from}/ may not import ${to}/`];
  return one.target === `src/${to}/mod.ts` || ENTRIES.has(one.target) // a subpath of its own
    ? []
    : [`${one.at}: import ../${to}/mod.ts, not ${one.specifier}`];
}

function checkPackage(path: string, from: string, one: Import, layers: Layers): Problem[] {
  if (/^(node|cloudflare|bun):/.test(one.specifier)) {
    return isAdapter(path) ? [] : [`${one.at}: ${one.specifier} outside an adapter`];
  }
  const name = packageOf(one.specifier);
  return layers.packages[name]?.includes(from)
    ? []
    : [`${one.at}: package ${name} has no place in ${from}/`];
}

/** One line for each file that can reach itself, with the way it takes. */
export function findCycles(graph: ReadonlyMap<string, readonly string[]>): Problem[] {
  const problems: Problem[] = [];
  const done = new Set<string>();
  const visit = (path: string, way: readonly string[]): void => {
    const seen = way.indexOf(path);
    if (seen >= 0) problems.push(`cycle: ${[...way.slice(seen), path].join(" -> ")}`);
    if (seen >= 0 || done.has(path)) return;
    for (const next of graph.get(path) ?? []) visit(next, [...way, path]);
    done.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
  return problems;
}

/** The table of this project. */
export function readLayers(): Layers {
  return JSON.parse(readFileSync("tools/layers.json", "utf8")) as Layers;
}

if (import.meta.main) {
  report("layers", checkLayers(readSources("src/**/*.ts"), readLayers()));
}
