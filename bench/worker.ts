import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { build } from "esbuild";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";

/** A Worker in a workerd of its own. */
export interface RunningWorker {
  readonly url: URL;
  /** The workerd process, for its memory; undefined where it was not found. */
  readonly pid: number | undefined;
  stop(): Promise<void>;
}

/** What a Worker finds in its `env`, and the flags that it runs with. */
export interface WorkerEnvironment {
  readonly bindings?: Readonly<Record<string, string>>;
  readonly kvNamespaces?: string[];
  readonly compatibilityFlags?: string[];
}

/**
 * Bundle a Worker and start it in workerd on a free port.
 * @param entry Absolute path of its module. `.wasm` imports become compiled modules.
 */
export async function startWorker(
  entry: string,
  environment: WorkerEnvironment = {},
): Promise<RunningWorker> {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    outdir: "out",
    format: "esm",
    target: "es2024",
    conditions: ["workerd"],
    external: ["node:*", "cloudflare:*"],
    loader: { ".wasm": "copy" },
    logLevel: "error",
  });
  const modules = outputFiles.map(({ path, contents }) => ({
    type: path.endsWith(".wasm") ? "CompiledWasm" as const : "ESModule" as const,
    path: basename(path),
    contents,
  }));
  modules.sort((a) => a.type === "ESModule" ? -1 : 1); // the first is the entry
  const before = new Set(workerdProcesses());
  const miniflare = new Miniflare(convertV4MiniflareOptions({
    host: "127.0.0.1",
    port: 0,
    cf: false,
    compatibilityDate: "2026-10-01",
    modules,
    handleStructuredLogs: ({ message }: { message: string }) => console.error(message), // stdout is JSON
    ...environment,
  }));
  const url = await miniflare.ready;
  return {
    url,
    pid: workerdProcesses().find((pid) => !before.has(pid)),
    stop: () => miniflare.dispose(),
  };
}

/** workerd processes that this process started, from Linux's procfs. */
function workerdProcesses(): number[] {
  try {
    return readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
        return stat.includes("(workerd)") &&
          stat.split(") ")[1]?.split(" ")[1] === `${process.pid}`;
      } catch {
        return false; // it ended meanwhile
      }
    });
  } catch {
    return [];
  }
}
