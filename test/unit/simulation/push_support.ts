import { digestOf, generatedContent } from "../../../src/simulation/mod.ts";
import type { BuiltImage, PushSettings, RegistryQuirks } from "../../../src/simulation/mod.ts";
import { bench } from "./support.ts";
import type { Bench } from "./support.ts";

/** What a request of a push came to. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly codes: readonly string[];
}

/** A registry that takes pushes, and functions that push. */
export interface PushBench extends Bench {
  send(method: string, url: string, init?: RequestInit): Promise<Answer>;
  /** Open an upload in a repository; returns its absolute `Location`. */
  open(repository: string, query?: string): Promise<string>;
  pushBlob(repository: string, bytes: Uint8Array<ArrayBuffer>): Promise<string>;
  pushImage(repository: string, image: BuiltImage, reference: string): Promise<Answer>;
}

const ORIGIN = "https://registry.test";

export function pushBench(push: PushSettings = {}, quirks: RegistryQuirks = {}): PushBench {
  const made = bench({ push, quirks });
  const send: PushBench["send"] = async (method, url, init = {}) => {
    const request = new Request(new URL(url, ORIGIN), { redirect: "manual", ...init, method });
    const response = await made.simulation.fetch(request);
    const { status, headers } = response;
    const text = await response.text();
    const { errors = [] } = text.startsWith('{"errors"')
      ? JSON.parse(text) as { errors?: { code: string }[] }
      : {};
    return { status, headers, codes: errors.map(({ code }) => code) };
  };
  const open: PushBench["open"] = async (repository, query = "") => {
    const { headers } = await send("POST", `/v2/${repository}/blobs/uploads/${query}`);
    return new URL(headers.get("location") ?? "", ORIGIN).href;
  };
  const pushBlob: PushBench["pushBlob"] = async (repository, body) => {
    const digest = await digestOf(body);
    await send("PUT", withDigest(await open(repository), digest), { body });
    return digest;
  };
  const pushImage: PushBench["pushImage"] = async (repository, image, reference) => {
    for (const { content } of image.blobs) {
      await pushBlob(repository, content.read(0, content.size));
    }
    return await send("PUT", `/v2/${repository}/manifests/${reference}`, {
      body: image.bytes,
      headers: { "content-type": image.mediaType },
    });
  };
  return { ...made, send, open, pushBlob, pushImage };
}

/** A `Location` with the closing request's `digest`. */
export function withDigest(location: string, digest: string): string {
  const url = new URL(location);
  url.searchParams.set("digest", digest);
  return url.href;
}

/** Bytes to push, the same in every run. */
export function someBytes(size: number, seed = 1): Uint8Array<ArrayBuffer> {
  return generatedContent(seed, size).read(0, size);
}

/** A body that comes in pieces, and breaks after them if there is an error. */
export function pieces(parts: readonly Uint8Array[], error?: Error): RequestInit {
  const rest = [...parts];
  const body = new ReadableStream<Uint8Array>({
    pull(controller): void {
      const part = rest.shift();
      if (part !== undefined) controller.enqueue(part);
      else if (error !== undefined) controller.error(error);
      else controller.close();
    },
  });
  return { body, duplex: "half" } as RequestInit;
}
