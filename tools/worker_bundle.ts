import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** The project's root folder. */
export const ROOT: string = fileURLToPath(new URL("..", import.meta.url));

/** One module of a Worker, as Miniflare takes them. */
export type WorkerModule =
  | { readonly type: "ESModule"; readonly path: string; readonly contents: string }
  | { readonly type: "CompiledWasm"; readonly path: string; readonly contents: Uint8Array };

/**
 * Bundle a Worker: one ES module, and each `.wasm` beside it as a module of its own.
 *
 * @param entry Path from the project's root. Default is the front door.
 * @returns The modules, the entry first.
 */
export async function bundleWorker(entry = "src/front/worker.ts"): Promise<WorkerModule[]> {
  const { outputFiles } = await build({
    entryPoints: [entry],
    absWorkingDir: ROOT,
    outdir: "out",
    bundle: true,
    write: false,
    format: "esm",
    platform: "neutral",
    target: "es2024",
    mainFields: ["module", "main"],
    conditions: ["workerd", "worker", "import"],
    external: ["node:*", "cloudflare:*"],
    loader: { ".wasm": "copy" },
    logLevel: "warning",
  });
  const modules = outputFiles.map(({ path, contents, text }): WorkerModule =>
    path.endsWith(".wasm")
      ? { type: "CompiledWasm", path: basename(path), contents }
      : { type: "ESModule", path: basename(path), contents: text }
  );
  return modules.sort((a, b) => Number(b.type === "ESModule") - Number(a.type === "ESModule"));
}

/** Date and flags that the Worker is deployed with, so that it runs here as it will there. */
export function workerCompatibility(): { readonly date: string; readonly flags: string[] } {
  const text = readFileSync(`${ROOT}/wrangler.toml`, "utf8");
  const date = /^compatibility_date = "([0-9-]+)"/m.exec(text)?.[1];
  const flags = /^compatibility_flags = \[(.*)\]/m.exec(text)?.[1];
  if (date === undefined || flags === undefined) {
    throw new Error("wrangler.toml has no date or flags");
  }
  return { date, flags: flags.split(",").map((flag) => flag.trim().replaceAll('"', "")) };
}
