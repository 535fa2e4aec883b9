import { spawnSync } from "node:child_process";
import { existsSync, globSync, readFileSync, writeFileSync } from "node:fs";
import { type Problem, report } from "./source_files.ts";

const GENERATED = ["src/**/*.wasm", "src/**/*_hex.ts"];
const SKIPPED = /(^|\/)node_modules(\/|$)/;

/** The bytes of every generated file, by path. */
function snapshot(): Map<string, Buffer> {
  const paths = globSync(GENERATED, { exclude: (path) => SKIPPED.test(path) });
  return new Map(paths.sort().map((path) => [path, readFileSync(path)]));
}

/** Say which files differ between two snapshots. */
export function compareGenerated(
  before: ReadonlyMap<string, Uint8Array>,
  after: ReadonlyMap<string, Uint8Array>,
): Problem[] {
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((path) => {
    const [was, is] = [before.get(path), after.get(path)];
    if (was && is && Buffer.compare(was, is) === 0) return [];
    return [`${path}: not what \`npm run build:wasm\` makes`];
  });
}

/** Build the generated files again, compare, and put the tree back as it was. */
export function checkGenerated(): Problem[] {
  if (!existsSync("tools/build_wasm.ts")) return ["tools/build_wasm.ts: is not there"];
  const before = snapshot();
  const run = spawnSync(process.execPath, ["tools/build_wasm.ts"], { encoding: "utf8" });
  const after = snapshot();
  for (const [path, bytes] of before) writeFileSync(path, bytes);
  if (run.status !== 0) return [`tools/build_wasm.ts: ${run.stderr.trim().split("\n")[0]}`];
  return compareGenerated(before, after);
}

if (import.meta.main) report("generated", checkGenerated());
