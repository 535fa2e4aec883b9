import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, lstat, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { PassThrough } from "node:stream";
import type { ReadStream, WriteStream } from "node:tty";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { askTerminal } from "../../../src/cli/ask_node.ts";
import { exitCodeOf } from "../../../src/cli/exit_code.ts";
import { InterruptedError } from "../../../src/cli/interrupted_error.ts";
import { describeError } from "../../../src/cli/report_error.ts";
import { nodeFiles, nodeHost } from "../../../src/cli/host_node.ts";
import { UsageError } from "../../../src/cli/usage_error.ts";

let folder: string;
const { PATH } = process.env;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "tidegate-host-"))));
afterAll(async () => {
  process.env["PATH"] = PATH;
  await rm(folder, { recursive: true });
});

/** Type keys at a terminal that is none. */
async function type(keys: string, isHidden: boolean): Promise<readonly [unknown, string]> {
  const input = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => {} });
  const output = new PassThrough();
  const asked = askTerminal(
    input as unknown as ReadStream,
    output as unknown as WriteStream,
    "Password: ",
    isHidden,
  );
  input.write(keys);
  return [await asked, String(output.read())];
}

describe("askTerminal()", () => {
  it("shows what is typed, unless it is hidden", async () => {
    expect(await type("anx\u007fn\r", false)).toEqual(["ann", "Password: anx\b \bn\n"]);
    expect(await type("secret\n", true)).toEqual(["secret", "Password: \n"]);
  });

  it("^C interrupts, as it does everywhere else", async () => {
    const error = await type("ab\u0003", true).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InterruptedError);
    expect(exitCodeOf(error)).toBe(130);
    expect(describeError(error, "login", undefined)).toMatchObject({ code: "INTERRUPTED" });
  });

  it("^D and no terminal are no answer", async () => {
    expect((await type("\u0004", true))[0]).toBeUndefined();
    const input = new PassThrough() as unknown as ReadStream;
    const output = new PassThrough() as unknown as WriteStream;
    expect(await askTerminal(input, output, "?", true)).toBeUndefined();
  });
});

describe("nodeHost()", () => {
  it("has a way of its own for large blobs, unless there is a proxy", () => {
    const { signal } = new AbortController();
    const names = ["http_proxy", "https_proxy", "all_proxy"]
      .flatMap((name) => [name, name.toUpperCase()]);
    for (const name of names) vi.stubEnv(name, undefined);
    expect(nodeHost(signal).largeFetch).toBeTypeOf("function");
    for (const name of names) {
      vi.stubEnv(name, "http://proxy.test");
      expect(nodeHost(signal).largeFetch, name).toBeUndefined();
      vi.stubEnv(name, undefined);
    }
    vi.unstubAllEnvs();
  });
});

describe("nodeFiles", () => {
  it("a file appears when it is closed, and an aborted one never", async () => {
    const path = nodeFiles.join(folder, "deep", "file");
    const writer = await nodeFiles.write(path, 0o600);
    await writer.write(new Uint8Array([1, 2]));
    expect(await nodeFiles.read(path, 10)).toBeUndefined();
    await writer.close();
    expect(await nodeFiles.read(path, 10)).toEqual(new Uint8Array([1, 2]));
    await expect(nodeFiles.read(path, 1)).rejects.toMatchObject({ code: "LIMIT_EXCEEDED" });
    const other = await nodeFiles.write(path);
    await other.abort();
    expect(await readdir(join(folder, "deep"))).toEqual(["file"]);
    await expect(nodeFiles.read(folder, 10 ** 9)).rejects.toMatchObject({ code: "EISDIR" });
  });

  it("no more is read than allowed of what has no size", async () => {
    const pipe = join(folder, "endless");
    execFileSync("mkfifo", [pipe]);
    const writer = spawn("sh", ["-c", `exec cat /dev/zero > '${pipe}'`], { stdio: "ignore" });
    const written = once(writer, "close"); // it may have ended before the read is over
    const limited = { code: "LIMIT_EXCEEDED", details: { limit: "file", maximum: 100_000 } };
    await expect(nodeFiles.read(pipe, 100_000)).rejects.toMatchObject(limited);
    await written;
    const small = spawn("sh", ["-c", `printf abc > '${pipe}'`], { stdio: "ignore" });
    const ended = once(small, "close");
    expect(await nodeFiles.read(pipe, 3)).toEqual(new TextEncoder().encode("abc"));
    await ended;
    const path = join(folder, "just");
    await writeFile(path, new Uint8Array(3));
    expect(await nodeFiles.read(path, 3)).toHaveLength(3);
    await expect(nodeFiles.read(path, 2)).rejects.toMatchObject({ code: "LIMIT_EXCEEDED" });
  });

  it("a file is replaced behind links to it, and what is no file stays", async () => {
    const link = join(folder, "link");
    await symlink("target", link);
    for (const text of ["new", "newer"]) {
      const writer = await nodeFiles.write(link);
      await writer.write(new TextEncoder().encode(text));
      await writer.close();
      expect(await readFile(join(folder, "target"), "utf8")).toBe(text);
      expect((await lstat(link)).isSymbolicLink()).toBe(true);
    }
    execFileSync("mkfifo", [join(folder, "pipe")]);
    await symlink("pipe", join(folder, "to-pipe"));
    for (const path of [join(folder, "pipe"), join(folder, "to-pipe"), folder]) {
      await expect(nodeFiles.write(path)).rejects.toBeInstanceOf(UsageError);
    }
  });
});

describe("nodeHost()", () => {
  it("runs a helper without a shell, and shows nothing that it prints", async () => {
    const helper = join(folder, "docker-credential-test");
    await writeFile(helper, '#!/bin/sh\nread line; echo "$1 $line"; exit ${line#x}\n');
    await chmod(helper, 0o755);
    process.env["PATH"] = `${folder}:${PATH}`;
    const { runHelper } = nodeHost(new AbortController().signal);
    expect(await runHelper("test", "get", "x0")).toEqual({ exitCode: 0, stdout: "get x0\n" });
    expect(await runHelper("test", "erase", "x3")).toMatchObject({ exitCode: 3 });
    await expect(runHelper("none", "get", "")).rejects.toMatchObject({ code: "CREDENTIALS" });
    await expect(runHelper("../x", "get", "")).rejects.toMatchObject({ code: "CREDENTIALS" });
  });

  it("finds the user's folders, and writes", async () => {
    const host = nodeHost(new AbortController().signal);
    expect(host.cacheHome).not.toBe("");
    expect(host.dockerConfigPath).toMatch(/config\.json$/);
    expect(host.stdout.columns()).toBeGreaterThan(0);
    await host.stderr.write("");
  });
});
