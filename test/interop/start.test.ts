import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort, type Running, startServer, temporaryFolder } from "../support/processes_node.ts";
import { digestsOf, failure, skopeo, skopeoPull } from "./clients.ts";

const READY_MS = 90_000;
const folder = temporaryFolder("start");
const clone = join(folder.path, "clone");
let door: Running | undefined;
let host = "";
let readyMs = 0;

/** The tracked files and nothing else, as a clone has them. */
function cloneTree(): void {
  const list = execFileSync("git", [
    "ls-files",
    "-z",
    "--cached",
    "--others",
    "--exclude-standard",
  ]);
  for (const path of list.toString().split("\0").filter(Boolean)) {
    mkdirSync(dirname(join(clone, path)), { recursive: true });
    cpSync(path, join(clone, path));
  }
}

/** The PATH of a shell, without the tools that `npm run` puts first. */
function plainPath(): string {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return folders.filter((path) => !path.includes("node_modules")).join(delimiter);
}

beforeAll(async () => {
  cloneTree();
  const port = await freePort();
  host = `127.0.0.1:${port}`;
  const start = Date.now();
  door = await startServer(
    "sh",
    ["-c", `npm ci && npm start -- --port ${port}`],
    new RegExp(`tidegate: front door ready at http://${host}`),
    { cwd: clone, env: { PATH: plainPath() }, timeoutMs: 2 * READY_MS },
  );
  readyMs = Date.now() - start;
});

afterAll(async () => {
  await door?.stop();
  folder.remove();
});

describe("npm ci && npm start on a clean clone", () => {
  it("prints the ready line within 90 s", () => {
    expect(readyMs).toBeLessThan(READY_MS);
  });

  it("skopeo copies every platform of the seeded image", async () => {
    const out = join(folder.path, "out");
    expect(failure(await skopeoPull(`${host}/library/hello:latest`, out))).toBe("");
    expect(Object.keys(await digestsOf(out)).length).toBeGreaterThan(10);
  });

  it("skopeo inspects, lists the tags, and pulls by digest", async () => {
    const inspected = await skopeo("inspect", `${host}/library/hello:latest`);
    expect(failure(inspected)).toBe("");
    const { Digest } = JSON.parse(inspected.stdout) as { Digest: string };
    const listed = await skopeo("list-tags", `${host}/library/hello`);
    expect((JSON.parse(listed.stdout) as { Tags: string[] }).Tags).toContain("latest");
    const out = join(folder.path, "by-digest");
    const pulled = await skopeoPull(`${host}/library/hello@${Digest}`, out);
    expect(failure(pulled)).toBe("");
    expect((await digestsOf(out))["manifest.json"]).toBe(Digest.replace("sha256:", ""));
  });
});
