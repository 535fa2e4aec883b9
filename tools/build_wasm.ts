/**
 * Build `src/hash/*.wasm` and `src/hash/*_hex.ts` from `assembly/`.
 *
 * `node tools/build_wasm.ts` writes them; with `--check` it writes nothing and fails when the
 * committed files are not what the source gives.
 */
import { readFile, writeFile } from "node:fs/promises";
import asc from "assemblyscript/asc";

const MAX_WASM_BYTES = 12 * 1024;

/** A module: its source in `assembly/`, and what it becomes in `src/hash/`. */
interface Module {
  readonly source: string;
  readonly name: string;
  /** Of 64 KiB. */
  readonly pages: number;
}

const MODULES: readonly Module[] = [
  { source: "assembly/sha2.ts", name: "sha2", pages: 2 },
  { source: "assembly/lanes.ts", name: "lanes", pages: 5 },
];

/**
 * Not `-O3`: its `simplify-locals` moves every value into the expression that first uses it, which mixes
 * one round of SHA-256 with the next. More values are alive at once then, and JavaScriptCore spills
 * them: Bun loses 10 %. These passes keep the order of the source, and the module is 8 % larger.
 */
const PASSES = [
  ...["precompute-propagate", "simplify-locals-nonesting", "optimize-instructions", "merge-blocks"],
  ...["vacuum", "remove-unused-brs", "merge-locals", "coalesce-locals", "remove-unused-brs"],
  ...["merge-blocks", "vacuum", "optimize-instructions", "reorder-locals", "remove-unused-names"],
  "remove-unused-module-elements",
];
const ASC_ARGUMENTS = [
  ...["--runtime", "stub", "--noAssert", "--enable", "simd"],
  ...["-O0", "--runPasses", PASSES.join(",")],
];

async function compile({ name, pages, source }: Module): Promise<Uint8Array> {
  let wasm: Uint8Array | undefined;
  const file = `${name}.wasm`;
  const memory = ["--initialMemory", `${pages}`, "--maximumMemory", `${pages}`];
  const { error, stderr } = await asc.main([source, ...ASC_ARGUMENTS, ...memory, "-o", file], {
    writeFile(path: string, contents: Uint8Array | string): void {
      if (path === file && typeof contents !== "string") wasm = contents;
    },
  });
  if (error !== null || wasm === undefined) throw new Error(stderr.toString(), { cause: error });
  if (wasm.length > MAX_WASM_BYTES) {
    throw new Error(`${file} has ${wasm.length} bytes, more than ${MAX_WASM_BYTES}`);
  }
  return wasm;
}

function asHexSource(name: string, wasm: Uint8Array): string {
  return `// Generated from assembly/ by tools/build_wasm.ts. Do not edit.

/** \`${name}.wasm\` in hex, which gzips better than base64, for runtimes that cannot import \`.wasm\`. */
export const ${name.toUpperCase()}_WASM_HEX: string =
  "${Buffer.from(wasm).toString("hex")}";
`;
}

async function check(path: string, wanted: Uint8Array): Promise<boolean> {
  const same = wanted.length > 0 && Buffer.compare(await readFile(path), wanted) === 0;
  if (!same) process.stderr.write(`${path} is not what assembly/ gives: npm run build:wasm\n`);
  return same;
}

for (const module of MODULES) {
  const wasm = await compile(module);
  const { name } = module;
  const files: [string, Uint8Array][] = [
    [`src/hash/${name}.wasm`, wasm],
    [`src/hash/${name}_hex.ts`, new TextEncoder().encode(asHexSource(name, wasm))],
  ];
  for (const [path, bytes] of files) {
    if (!process.argv.includes("--check")) await writeFile(path, bytes);
    else if (!await check(path, bytes)) process.exitCode = 1;
  }
  process.stdout.write(`src/hash/${name}.wasm: ${wasm.length} bytes\n`);
}
