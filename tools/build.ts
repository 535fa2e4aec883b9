import { spawnSync } from "node:child_process";
import { copyFileSync, globSync, mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";

/** What `tsc` leaves behind: WebAssembly modules, and shims in plain JavaScript with their types. */
const COPIED = ["src/**/*.wasm", "src/**/*.js", "src/**/*.d.ts"];

/** Compile `src` into `dist` and copy what the compiler does not. */
function main(): void {
  rmSync("dist", { recursive: true, force: true });
  const { status } = spawnSync("tsc", ["-p", "tsconfig.build.json"], { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
  for (const path of globSync(COPIED)) {
    mkdirSync(dirname(join("dist", path)), { recursive: true });
    copyFileSync(path, join("dist", path));
  }
}

main();
