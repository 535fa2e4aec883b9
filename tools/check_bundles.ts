import { existsSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { build, type OutputFile } from "esbuild";
import { minify } from "terser";
import { type Problem, report } from "./source_files.ts";

/** One bundle that users end up with, and what may be in it. */
export interface Bundle {
  readonly name: string;
  /** The source of its entry; `bundleOf` resolves it from the project's root. */
  readonly entry: string;
  /** Files that must be there for it to be built. */
  readonly needs: readonly string[];
  /** Largest size, minified and gzipped, in KiB. */
  readonly ceilingKib: number;
  /** Packages and words that must not have leaked into it. */
  readonly forbidden: readonly string[];
  /** Export conditions beside `import`. */
  readonly conditions?: readonly string[];
}

/** The bundles that have a promise about their size. */
export const BUNDLES: readonly Bundle[] = [
  {
    name: "pure",
    entry: `export * from "./src/reference/mod.ts";
export * from "./src/manifest/mod.ts";
export * from "./src/auth/challenge.ts";`,
    needs: ["src/reference/mod.ts", "src/manifest/mod.ts", "src/auth/challenge.ts"],
    ceilingKib: 15,
    forbidden: ["hono", "itty-router", "jose", "valibot", "WebAssembly", "fetch(", "caches"],
  },
  {
    name: "client",
    entry: `export { createRegistryClient } from "./src/client/mod.ts";
export { parseReference } from "./src/reference/mod.ts";`,
    needs: ["src/client/mod.ts", "src/reference/mod.ts"],
    ceilingKib: 35,
    forbidden: ["hono", "itty-router", "jose", "valibot", "caches.default", "node:fs"],
  },
  {
    name: "worker",
    entry: `export { default } from "./src/front/worker.ts";`,
    needs: ["src/front/worker.ts"],
    ceilingKib: 90,
    forbidden: ["itty-router", "jose", "node:fs", "node:process"],
    conditions: ["workerd", "worker"],
  },
];

/** What came of building one bundle. */
export interface BundleSize {
  readonly name: string;
  readonly gzipKib: number;
  readonly problems: readonly Problem[];
}

/** Build, minify and gzip one bundle; say what leaked and whether it is too large. */
export async function measureBundle(bundle: Bundle): Promise<BundleSize> {
  const { metafile, outputFiles } = await build({
    stdin: { contents: bundle.entry, resolveDir: process.cwd(), loader: "ts" },
    ...{ bundle: true, minify: true, write: false, metafile: true, outdir: "out" },
    ...{ format: "esm", platform: "neutral", target: "es2024", logLevel: "silent" },
    mainFields: ["module", "main"],
    conditions: ["import", ...bundle.conditions ?? []],
    external: ["node:*", "cloudflare:*"],
    loader: { ".wasm": "copy" },
  });
  const sizes = await Promise.all(outputFiles.map(gzippedBytes));
  const gzipKib = sizes.reduce((sum, size) => sum + size, 0) / 1024;
  const text = outputFiles.filter(({ path }) => path.endsWith(".js")).map((one) => one.text).join();
  const problems = bundle.forbidden
    .filter((word) => leaked(word, text, Object.keys(metafile.inputs)))
    .map((word) => `${bundle.name}: contains ${word}`);
  if (gzipKib > bundle.ceilingKib) {
    problems.push(`${bundle.name}: ${gzipKib.toFixed(1)} KiB, more than ${bundle.ceilingKib}`);
  }
  return { name: bundle.name, gzipKib, problems };
}

/** What goes over the wire: scripts as terser leaves them, the minifier of webpack and Rollup. */
async function gzippedBytes({ path, text, contents }: OutputFile): Promise<number> {
  if (!path.endsWith(".js")) return gzipSync(contents, { level: 9 }).length;
  const { code } = await minify(text, { module: true, ecma: 2020, compress: { passes: 3 } });
  return gzipSync(code ?? text, { level: 9 }).length;
}

/** A package is looked for among the inputs, a word in the text. */
function leaked(word: string, text: string, inputs: readonly string[]): boolean {
  if (/^[a-z-]+$/.test(word) && word !== "caches") {
    return inputs.some((path) => path.includes(`node_modules/${word}/`));
  }
  return text.includes(word);
}

/** Measure every bundle whose sources exist; prints the sizes. */
export async function checkBundles(): Promise<Problem[]> {
  const problems: Problem[] = [];
  for (const bundle of BUNDLES) {
    const missing = bundle.needs.filter((path) => !existsSync(path));
    if (missing.length > 0) {
      problems.push(`${bundle.name}: ${missing.join(", ")} is not there`);
      continue;
    }
    const size = await measureBundle(bundle);
    console.log(`bundle ${size.name}: ${size.gzipKib.toFixed(1)} of ${bundle.ceilingKib} KiB`);
    problems.push(...size.problems);
  }
  return problems;
}

if (import.meta.main) report("bundles", await checkBundles());
