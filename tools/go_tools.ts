/**
 * Registries and clients that are written in Go, at pinned versions, built once into a folder of the
 * user's cache: `node tools/go_tools.ts [NAME…]` builds those named, or all. Nothing of it is needed
 * by `npm test`.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";

interface GoTool {
  readonly module: string;
  readonly version: string;
  /** Package in the module, and so the name of what is built. */
  readonly command: string;
}

/** What can be built, by the name that the tests use. */
export const GO_TOOLS = {
  distribution: {
    module: "github.com/distribution/distribution/v3",
    version: "v3.1.1",
    command: "cmd/registry",
  },
  olareg: { module: "github.com/olareg/olareg", version: "v0.2.2", command: "cmd/olareg" },
  crane: {
    module: "github.com/google/go-containerregistry",
    version: "v0.21.9",
    command: "cmd/crane",
  },
  regctl: { module: "github.com/regclient/regclient", version: "v0.11.5", command: "cmd/regctl" },
  oras: { module: "oras.land/oras", version: "v1.2.3", command: "cmd/oras" },
} as const satisfies Record<string, GoTool>;

/** One of {@linkcode GO_TOOLS}. */
export type GoToolName = keyof typeof GO_TOOLS;

/** Language version that the modules above ask for. */
const GO_VERSION = "1.25";
const BUILD_MS = 20 * 60_000;

/** Path of a program on the PATH; undefined when it is not there. */
export function findCommand(name: string): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

/** The folder of the user's cache that is ours. */
export function cacheFolder(): string {
  return join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "tidegate");
}

/** Where a tool is, or would be, once it is built. */
export function goToolPath(name: GoToolName): string {
  return join(cacheFolder(), "go", `${name}@${GO_TOOLS[name].version}`, name);
}

/** Path of a tool that has been built; undefined when it has not. */
export function findGoTool(name: GoToolName): string | undefined {
  const path = goToolPath(name);
  return existsSync(path) ? path : undefined;
}

/**
 * Build a tool unless that has been done: from the Go module proxy, each module checked against the
 * public checksum database.
 *
 * @returns Its path.
 * @throws {Error} When there is no Go, or the build fails; with what it said.
 */
export function installGoTool(name: GoToolName): string {
  const found = findGoTool(name);
  if (found !== undefined) return found;
  if (findCommand("go") === undefined) throw new Error(`${name} needs Go ${GO_VERSION} or later`);
  const { module, version, command } = GO_TOOLS[name];
  const path = goToolPath(name);
  const folder = join(path, "..");
  mkdirSync(folder, { recursive: true });
  const lines = ["module tools", `go ${GO_VERSION}`, `require ${module} ${version}`];
  writeFileSync(join(folder, "go.mod"), lines.join("\n") + "\n");
  const args = ["go", "build", "-mod=mod", "-trimpath", "-o", path, `${module}/${command}`];
  const env = { ...process.env, GOFLAGS: "", GOWORK: "off", GOTOOLCHAIN: "auto" };
  const { status, stderr } = spawnSync("nice", args, { cwd: folder, env, timeout: BUILD_MS });
  if (status === 0) return path;
  rmSync(folder, { recursive: true, force: true });
  throw new Error(`${module}@${version} does not build: ${stderr.toString().slice(-2000)}`);
}

function isGoToolName(name: string): name is GoToolName {
  return Object.hasOwn(GO_TOOLS, name);
}

function main(names: readonly string[]): void {
  const wanted = names.length > 0 ? names : Object.keys(GO_TOOLS);
  for (const name of wanted) {
    if (!isGoToolName(name)) throw new TypeError(`${name} is not one of ${Object.keys(GO_TOOLS)}`);
    const start = Date.now();
    const path = installGoTool(name);
    console.log(`${path} (${Math.round((Date.now() - start) / 1000)} s)`);
  }
}

if (import.meta.main) main(process.argv.slice(2));
