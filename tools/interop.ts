import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findCommand, findGoTool, type GoToolName } from "./go_tools.ts";
import { readReport, totalsOf } from "./test.ts";

/** What the suite needs from the machine, and how Debian packages it. */
const NEEDED: Readonly<Record<string, string>> = {
  "docker-registry": "docker-registry",
  skopeo: "skopeo",
  podman: "podman",
  containerd: "containerd",
  ctr: "containerd",
  openssl: "openssl",
};

/** What it uses besides where it is there: built by `tools/go_tools.ts`, or on the PATH. */
const BUILT: readonly GoToolName[] = ["crane", "oras", "regctl", "distribution", "olareg"];
const FOUND = ["dockerd", "umoci", "zot"];

/** One line about what the totals will not cover. */
function leftOut(): string {
  const names = [
    ...BUILT.filter((name) => findGoTool(name) === undefined),
    ...FOUND.filter((name) => findCommand(name) === undefined),
  ];
  return names.length === 0 ? "" : `interop: left out, not found: ${names.join(", ")}`;
}

/** Run `test/interop`; `--full` adds the long cases. Ends with the plain totals. */
function main(args: readonly string[]): void {
  const missing = Object.keys(NEEDED).filter((command) => findCommand(command) === undefined);
  if (missing.length > 0) {
    const packages = [...new Set(missing.map((command) => NEEDED[command]))].join(" ");
    console.error(`interop: ${missing.join(", ")} not found: apt-get install ${packages}`);
    console.log("0 passed, 1 failed");
    process.exit(1);
  }
  if (leftOut() !== "") console.log(leftOut());
  const folder = mkdtempSync(join(tmpdir(), "tidegate-interop-"));
  const file = join(folder, "report.json");
  const rest = args.filter((argument) => argument !== "--full");
  const reporters = ["--reporter=verbose", "--reporter=json", `--outputFile.json=${file}`];
  const config = ["--config", "vitest.interop.config.ts"];
  const { status } = spawnSync("vitest", ["run", ...config, ...reporters, ...rest], {
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, ...(args.includes("--full") && { TIDEGATE_FULL: "1" }) },
  });
  const report = readReport(file);
  rmSync(folder, { recursive: true, force: true });
  const { passed, failed } = totalsOf(status ?? 1, report);
  console.log(`${passed} passed, ${failed} failed`);
  if (failed > 0) process.exitCode = 1;
}

main(process.argv.slice(2));
