import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, globSync, mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { build } from "esbuild";

/** What `tsc` leaves behind: WebAssembly modules, and shims in plain JavaScript with their types. */
const COPIED = ["src/**/*.wasm", "src/**/*.js", "src/**/*.d.ts"];

/** Where the command is, as `package.json` names it. */
const COMMAND = "dist/cli/tidegate.js";

/** Compile `src` into `dist`, copy what the compiler does not, and bundle the command. */
async function main(): Promise<void> {
  rmSync("dist", { recursive: true, force: true });
  const { status } = spawnSync("tsc", ["-p", "tsconfig.build.json"], { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
  for (const path of globSync(COPIED)) {
    mkdirSync(dirname(join("dist", path)), { recursive: true });
    copyFileSync(path, join("dist", path));
  }
  await bundleCommand();
}

/**
 * The command as a few files, each subcommand loaded when it is asked for: two hundred modules take
 * twice as long to start as what they do takes on a fast network.
 */
async function bundleCommand(): Promise<void> {
  await build({
    entryPoints: { tidegate: "dist/src/cli/main_node.js" },
    outdir: dirname(COMMAND),
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node22",
    packages: "external",
    legalComments: "inline",
    logLevel: "warning",
  });
  chmodSync(COMMAND, 0o755);
  rmSync("dist/src/cli", { recursive: true }); // nothing exports it
}

await main();
