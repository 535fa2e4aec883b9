import { existsSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { build, type BuildResult, type Metafile, type OutputFile, type Plugin } from "esbuild";
import { minify } from "terser";
import { type Problem, report } from "./source_files.ts";

/** One bundle that users end up with, and what may be in it. */
export interface Bundle {
  readonly name: string;
  /** The source of its entry; `bundleOf` resolves it from the project's root. */
  readonly entry: string;
  /** Files that must be there for it to be built. */
  readonly needs: readonly string[];
  /** Largest size, minified and gzipped, in KiB: without what is loaded when first used. */
  readonly ceilingKib: number;
  /** The same of what `import()` adds to it. Without it, all is one. */
  readonly lazyCeilingKib?: number;
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
    ceilingKib: 34.5,
    lazyCeilingKib: 22.75, // lists, choice of platforms, whole images, and all that writes
    forbidden: ["hono", "itty-router", "jose", "valibot", "yaml", "caches.default", "node:fs"],
  },
  {
    name: "hub",
    entry: `export { createDockerHubClient } from "./src/hub/mod.ts";
export { parseReference } from "./src/reference/mod.ts";`,
    needs: ["src/hub/mod.ts", "src/client/mod.ts"],
    ceilingKib: 46.5, // the client, and Docker Hub's API
    lazyCeilingKib: 22,
    forbidden: ["hono", "itty-router", "jose", "valibot", "caches.default", "node:fs"],
  },
  {
    name: "worker",
    entry: `export { default } from "./src/front/worker.ts";`,
    needs: ["src/front/worker.ts"],
    ceilingKib: 90,
    forbidden: ["itty-router", "jose", "yaml", "node:fs", "node:process"],
    conditions: ["workerd", "worker"],
  },
];

/** What came of building one bundle. */
export interface BundleSize {
  readonly name: string;
  readonly gzipKib: number;
  /** What `import()` adds. */
  readonly lazyKib: number;
  readonly problems: readonly Problem[];
}

/** Build, minify and gzip one bundle; say what leaked and whether it is too large. */
export async function measureBundle(bundle: Bundle): Promise<BundleSize> {
  const { metafile, outputFiles } = await buildBundle(bundle, false);
  const atOnce = bundle.lazyCeilingKib === undefined
    ? outputFiles
    : (await buildBundle(bundle, true)).outputFiles;
  const gzipKib = await sumKib(atOnce);
  const lazyKib = await sumKib(outputFiles) - gzipKib;
  const text = outputFiles.filter(({ path }) => path.endsWith(".js")).map((one) => one.text).join();
  const problems = bundle.forbidden
    .filter((word) => leaked(word, text, inputsOf(metafile)))
    .map((word) => `${bundle.name}: contains ${word}`);
  const { ceilingKib, lazyCeilingKib = Infinity, name } = bundle;
  if (gzipKib > ceilingKib) {
    problems.push(`${name}: ${gzipKib.toFixed(3)} KiB, more than ${ceilingKib}`);
  }
  if (lazyKib > lazyCeilingKib) {
    problems.push(`${name}: ${lazyKib.toFixed(1)} KiB more later, more than ${lazyCeilingKib}`);
  }
  return { name, gzipKib, lazyKib, problems };
}

/** Build one bundle: whole, or without what it loads by `import()`. */
function buildBundle(bundle: Bundle, isAtOnce: boolean): Promise<BuiltBundle> {
  return build({
    stdin: { contents: bundle.entry, resolveDir: process.cwd(), loader: "ts" },
    ...{ bundle: true, minify: true, write: false, metafile: true, outdir: "out" },
    ...{ format: "esm", platform: "neutral", target: "es2024", logLevel: "silent" },
    mainFields: ["module", "main"],
    conditions: ["import", ...bundle.conditions ?? []],
    external: ["node:*", "cloudflare:*"],
    loader: { ".wasm": "copy" },
    plugins: isAtOnce ? [WITHOUT_LAZY] : [],
  });
}

type BuiltBundle = BuildResult<{ readonly write: false; readonly metafile: true }>;

/** What `import()` loads is no part of the bundle. */
const WITHOUT_LAZY: Plugin = {
  name: "without lazy parts",
  setup({ onResolve }): void {
    onResolve({ filter: /^\./ }, ({ kind, path }) => {
      return kind === "dynamic-import" ? { path, external: true } : undefined;
    });
  },
};

async function sumKib(files: readonly OutputFile[]): Promise<number> {
  const sizes = await Promise.all(files.map(gzippedBytes));
  return sizes.reduce((sum, size) => sum + size, 0) / 1024;
}

/** What goes over the wire: scripts as terser leaves them, the minifier of webpack and Rollup. */
async function gzippedBytes({ path, text, contents }: OutputFile): Promise<number> {
  if (!path.endsWith(".js")) return gzipSync(contents, { level: 9 }).length;
  const { code } = await minify(text, { module: true, ecma: 2020, compress: { passes: 3 } });
  return gzipSync(code ?? text, { level: 9 }).length;
}

/** The files of which something is left. */
function inputsOf({ outputs }: Metafile): string[] {
  return Object.values(outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([path]) =>
      path
    )
  );
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
    const { lazyCeilingKib: lazy } = bundle;
    const later = lazy === undefined
      ? ""
      : `, and ${size.lazyKib.toFixed(1)} of ${lazy} KiB when first used`;
    console.log(
      `bundle ${size.name}: ${size.gzipKib.toFixed(1)} of ${bundle.ceilingKib} KiB${later}`,
    );
    problems.push(...size.problems);
  }
  return problems;
}

if (import.meta.main) report("bundles", await checkBundles());
