import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  type FileHandle,
  mkdir,
  open,
  readlink,
  realpath,
  rename,
  rm,
  stat,
} from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import process from "node:process";
import type { ReadStream, WriteStream } from "node:tty";
import { concatBytes, platformFetch, systemClock, TidegateError } from "../core/mod.ts";
import { askTerminal } from "./ask_node.ts";
import type { CliHost, FileWriter, HostFiles, ProgramResult, TextSink } from "./host.ts";
import { hasProxy } from "./env_proxy_node.ts";
import { runtimeName } from "./runtime_node.ts";
import { socketFetch } from "./socket_fetch_node.ts";
import { UsageError } from "./usage_error.ts";

const HELPER_TIMEOUT_MS = 30_000; // one that asks the user needs a while
const MAX_HELPER_OUTPUT_BYTES: number = 128 * 1024;

const READ_BYTES: number = 64 * 1024; // at a time, of a file

/** A name that cannot leave the directory of helpers nor become an option. */
const HELPER_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** This process and this machine, on Node, Deno and Bun. */
export function nodeHost(signal: AbortSignal): CliHost {
  const { env } = process;
  const home = homedir();
  return {
    stdout: streamSink(process.stdout),
    stderr: streamSink(process.stderr),
    stdin: () => process.stdin,
    ask: (question, hidden) =>
      askTerminal(process.stdin as ReadStream, process.stderr as WriteStream, question, hidden),
    env,
    signal,
    clock: systemClock,
    ...largeFetch(env),
    files: nodeFiles,
    cacheHome: env["XDG_CACHE_HOME"] || cacheHomeOf(process.platform, home, env["LOCALAPPDATA"]),
    dockerConfigPath: join(env["DOCKER_CONFIG"] || join(home, ".docker"), "config.json"),
    runHelper,
  };
}

/** For Node's sake alone; and behind a proxy `fetch` alone knows the way. */
function largeFetch(env: CliHost["env"]): Pick<CliHost, "largeFetch"> {
  return runtimeName() === "Node.js" && !hasProxy(env)
    ? { largeFetch: socketFetch(platformFetch) }
    : {};
}

function cacheHomeOf(platform: string, home: string, local: string | undefined): string {
  if (platform === "win32") return local || join(home, "AppData", "Local");
  return platform === "darwin" ? join(home, "Library", "Caches") : join(home, ".cache");
}

function streamSink(stream: NodeJS.WriteStream): TextSink {
  return {
    isTerminal: stream.isTTY === true,
    columns: () => stream.columns || 80,
    write: (chunk) =>
      new Promise((resolve, reject) => {
        stream.write(chunk, (error) => error ? reject(error) : resolve());
      }),
  };
}

/** The disk. */
export const nodeFiles: HostFiles = {
  join,
  async read(path, maximum): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const file = await open(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined;
      throw error;
    });
    if (file === undefined) return undefined;
    try {
      return await readToEnd(file, path, maximum);
    } finally {
      await file.close();
    }
  },
  async write(target, mode = 0o666): Promise<FileWriter> {
    const path = await fileBehind(target);
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const partial = `${path}.${randomBytes(6).toString("hex")}.tmp`;
    const file = await open(partial, "wx", mode);
    return {
      write: async (chunk) => void await file.writeFile(chunk),
      async close(): Promise<void> {
        await file.sync();
        await file.close();
        await rename(partial, path);
      },
      async abort(): Promise<void> {
        await file.close().catch(() => {});
        await rm(partial, { force: true });
      },
    };
  },
};

/** Counted as it comes: a pipe, and a file of `/proc`, has no size. */
async function readToEnd(
  file: FileHandle,
  path: string,
  maximum: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  for (let size = 0;;) {
    const chunk = new Uint8Array(READ_BYTES);
    const { bytesRead } = await file.read(chunk, 0, chunk.length, null);
    if (bytesRead === 0) return concatBytes(chunks);
    size += bytesRead;
    if (size > maximum) throw tooLarge(path, maximum);
    chunks.push(chunk.subarray(0, bytesRead));
  }
}

/** The file that a path leads to, there or not: a device stays one, and a link a link. */
async function fileBehind(path: string): Promise<string> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (found?.isFile()) return await realpath(path);
  if (found !== undefined) throw new UsageError(`${path} is there and is no file`);
  const link = await readlink(path).catch(() => undefined);
  return link === undefined ? path : await fileBehind(resolve(dirname(path), link));
}

function tooLarge(path: string, maximum: number): TidegateError<"LIMIT_EXCEEDED"> {
  return new TidegateError("LIMIT_EXCEEDED", `${path} has more than ${maximum} bytes`, {
    limit: "file",
    maximum,
  });
}

/** Without a shell, with a time limit and a cap on the output; standard error is dropped. */
function runHelper(helper: string, action: string, input: string): Promise<ProgramResult> {
  if (!HELPER_NAME.test(helper)) {
    return Promise.reject(helperError("has a name that is no helper's"));
  }
  const settings = {
    timeout: HELPER_TIMEOUT_MS,
    killSignal: "SIGKILL",
    maxBuffer: MAX_HELPER_OUTPUT_BYTES,
    encoding: "utf8",
    windowsHide: true,
  } as const;
  return new Promise((resolve, reject) => {
    const child = execFile(`docker-credential-${helper}`, [action], settings, (error, stdout) => {
      if (error === null) resolve({ exitCode: 0, stdout });
      else if (typeof error.code === "number") resolve({ exitCode: error.code, stdout });
      else if (error.code === "ENOENT") {
        reject(helperError(`docker-credential-${helper} is not there`));
      } else reject(helperError(`docker-credential-${helper} cannot run`));
    });
    child.stdin?.on("error", () => {}); // a helper may end without reading
    child.stdin?.end(input);
  });
}

/** No cause goes with it: Node's error repeats the helper's output. */
function helperError(reason: string): TidegateError<"CREDENTIALS"> {
  return new TidegateError("CREDENTIALS", `The credential helper failed: ${reason}`, {
    source: "credential helper",
    reason,
  });
}
