/**
 * Build `src/hash/sha2.wasm` and `src/hash/sha2_hex.ts` from `assembly/`.
 *
 * `node tools/build_wasm.ts` writes both; with `--check` it writes nothing and fails when the
 * committed files are not what the source gives.
 */
import { readFile, writeFile } from "node:fs/promises";
import asc from "assemblyscript/asc";

const MAX_WASM_BYTES = 12 * 1024;
const WASM_FILE = "src/hash/sha2.wasm";
const HEX_FILE = "src/hash/sha2_hex.ts";
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
  "assembly/sha2.ts",
  ...["--runtime", "stub", "--noAssert", "--enable", "simd"],
  ...["-O0", "--runPasses", PASSES.join(",")],
  ...["--initialMemory", "2", "--maximumMemory", "2"],
  ...["--outFile", WASM_FILE],
];

async function compile(): Promise<Uint8Array> {
  let wasm: Uint8Array | undefined;
  const { error, stderr } = await asc.main(ASC_ARGUMENTS, {
    writeFile(name: string, contents: Uint8Array | string): void {
      if (name === WASM_FILE && typeof contents !== "string") wasm = contents;
    },
  });
  if (error !== null || wasm === undefined) throw new Error(stderr.toString(), { cause: error });
  if (wasm.length > MAX_WASM_BYTES) {
    throw new Error(`${WASM_FILE} has ${wasm.length} bytes, more than ${MAX_WASM_BYTES}`);
  }
  return wasm;
}

function asHexSource(wasm: Uint8Array): string {
  return `// Generated from assembly/ by tools/build_wasm.ts. Do not edit.

/** \`sha2.wasm\` in hex, which gzips better than base64, for runtimes that cannot import \`.wasm\`. */
export const SHA2_WASM_HEX: string =
  "${Buffer.from(wasm).toString("hex")}";
`;
}

async function check(path: string, wanted: Uint8Array): Promise<boolean> {
  const same = wanted.length > 0 && Buffer.compare(await readFile(path), wanted) === 0;
  if (!same) process.stderr.write(`${path} is not what assembly/ gives: npm run build:wasm\n`);
  return same;
}

const wasm = await compile();
const files: [string, Uint8Array][] = [
  [WASM_FILE, wasm],
  [HEX_FILE, new TextEncoder().encode(asHexSource(wasm))],
];
for (const [path, bytes] of files) {
  if (!process.argv.includes("--check")) await writeFile(path, bytes);
  else if (!await check(path, bytes)) process.exitCode = 1;
}
process.stdout.write(`${WASM_FILE}: ${wasm.length} bytes\n`);
