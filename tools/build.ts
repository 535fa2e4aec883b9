import { spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  globSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { build } from "esbuild";

/** What `tsc` leaves behind: WebAssembly modules, and shims in plain JavaScript with their types. */
const COPIED = ["src/**/*.wasm", "src/**/*.js", "src/**/*.d.ts"];

/** Where the command is, as `package.json` names it. */
const COMMAND = "dist/cli/tidegate.js";

/**
 * Packages that most commands load, and that go into the bundle: `yaml` alone is 73 modules, which take
 * Node an eighth of the time of a command. Each with its license and its modules for any runtime.
 */
const BUNDLED = {
  valibot: { license: "LICENSE.md", entry: "dist/index.mjs" },
  yaml: { license: "LICENSE", entry: "browser/index.js" },
} as const;

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
    alias: Object.fromEntries(
      Object.entries(BUNDLED).map(([name, { entry }]) => [name, `./node_modules/${name}/${entry}`]),
    ),
    packages: "external", // but what has an alias
    legalComments: "inline",
    logLevel: "warning",
  });
  writeFileSync(join(dirname(COMMAND), "THIRD_PARTY_LICENSES.md"), licenses());
  chmodSync(COMMAND, 0o755);
  rmSync("dist/src/cli", { recursive: true }); // nothing exports it
}

/** What the licenses of bundled packages ask for: their texts. */
function licenses(): string {
  return Object.entries(BUNDLED)
    .map(([name, { license }]) => {
      const text = readFileSync(join("node_modules", name, license), "utf8");
      return `# ${name}\n\n${text.trim()}\n`;
    })
    .join("\n");
}

await main();
