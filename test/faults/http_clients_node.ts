import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../support/processes_node.ts";
import { createComparison, type Pulled, type PullTask } from "./pull.ts";

/** What curl came home with. */
export interface Curled extends Pulled {
  readonly exit: number;
  /** 0 where no answer came. */
  readonly status: number;
  /** The error document's first code, where the door refused. */
  readonly refusal: string | undefined;
  readonly contentRange: string | undefined;
}

/** Pull a blob with curl, its output compared as it comes. */
export async function pullWithCurl(task: PullTask): Promise<Curled> {
  const { address, repository, digest, range } = task;
  const folder = mkdtempSync(join(tmpdir(), "tidegate-curl-"));
  const heads = join(folder, "heads");
  const url = `http://${address}/v2/${repository}/blobs/${digest}`;
  const asked = range === undefined ? [] : ["--range", `${range.start}-${range.end ?? ""}`];
  const child = spawn("curl", ["-sSN", "-D", heads, "--max-time", "100", ...asked, url], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const part = createComparison(task);
  const whole = createComparison({ blob: task.blob, range: undefined });
  const small: Uint8Array[] = [];
  child.stdout.on("data", (chunk: Uint8Array) => {
    part.add(chunk);
    whole.add(chunk);
    if (part.shown < 4096) small.push(chunk);
  });
  const exit = await new Promise<number>((resolve) =>
    child.on("close", (code) => resolve(code ?? 1))
  );
  const head = existsSync(heads) ? readFileSync(heads, "latin1") : "";
  rmSync(folder, { recursive: true });
  const status = Number(/^HTTP\/[\d.]+ (\d+)/.exec(head)?.[1] ?? 0);
  const isRefused = status >= 400;
  const length = /^content-length: (\d+)\r$/im.exec(head)?.[1];
  const compared = status === 206 ? part : whole; // a door that knows no length ignores the range
  return {
    ...{ exit, status, code: undefined },
    complete: exit === 0 && status >= 200 && status < 300,
    right: compared.whole && (status !== 206 || range !== undefined),
    shown: isRefused ? 0 : compared.shown,
    promised: length === undefined || isRefused ? undefined : Number(length),
    refusal: isRefused ? firstCode(Buffer.concat(small).toString()) : undefined,
    contentRange: /^content-range: (.*)\r$/im.exec(head)?.[1],
  };
}

function firstCode(text: string): string | undefined {
  const { errors } = JSON.parse(text) as { errors?: readonly { readonly code: string }[] };
  return errors?.[0]?.code;
}

/** What `skopeo copy` left behind. */
export interface Copied {
  readonly status: number;
  readonly stderr: string;
  /** Whether there is an image. */
  readonly manifest: boolean;
  /** Digest of the layer's file, where there is one under its name. */
  readonly layer: string | undefined;
}

/** Copy the image whose only layer is the case's blob. */
export async function copyWithSkopeo(
  { address, repository, digest }: Pick<PullTask, "address" | "repository" | "digest">,
): Promise<Copied> {
  const folder = mkdtempSync(join(tmpdir(), "tidegate-skopeo-"));
  const source = `docker://${address}/${repository}:v1`;
  const args = ["copy", "--quiet", "--src-tls-verify=false", source, `dir:${folder}`];
  const { status, stderr } = await run("skopeo", args);
  const file = join(folder, digest.slice("sha256:".length));
  const copied = {
    ...{ status, stderr },
    manifest: existsSync(join(folder, "manifest.json")),
    layer: existsSync(file) ? await digestOfFile(file) : undefined,
  };
  rmSync(folder, { recursive: true });
  return copied;
}

async function digestOfFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array);
  return `sha256:${hash.digest("hex")}`;
}
