import { openTestDoor, sha256Hex, type TestDoor, type TestDoorOptions } from "./front_door.ts";

if (navigator.userAgent === "Cloudflare-Workers") await import("../../src/hash/workerd.ts");

/** One key for all isolates: what one seals, another opens. */
export const SEALED: TestDoorOptions = {
  config: {
    access: { anonymous: ["sim/**:pull,push,delete"] },
    sealingKeys: [{ secret: "SEAL_KEY" }],
  },
  env: { SEAL_KEY: "0123456789abcdef0123456789abcdef" },
};

/** A door that takes pushes from everybody, under a key that all isolates share. */
export async function openPushDoor(test: TestDoorOptions = {}): Promise<TestDoor> {
  const door = await openTestDoor({
    ...SEALED,
    ...test,
    config: { ...SEALED.config, ...test.config },
    env: { ...SEALED.env, ...test.env },
  });
  door.registry.configure({ push: {} });
  return door;
}

/** Bytes that repeat nowhere near, and their digest. */
export interface TestBlob {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly digest: string;
}

export async function makeBlob(size: number, seed = 1): Promise<TestBlob> {
  const bytes = new Uint8Array(size);
  let state = seed;
  for (let i = 0; i < size; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return { bytes, digest: `sha256:${await sha256Hex(bytes)}` };
}

export const UPLOADS = "/v2/acme/app/blobs/uploads/";

/** Begin an upload; returns where it goes on. */
export async function begin({ send }: TestDoor, query = ""): Promise<string> {
  const answer = await send(UPLOADS + query, { method: "POST" });
  if (answer.status !== 202) throw new Error(`The upload did not begin: ${answer.status}`);
  return answer.headers.get("location") ?? "";
}

/** Add a parameter to an address. */
export function withDigest(location: string, digest: string): string {
  return `${location}${location.includes("?") ? "&" : "?"}digest=${digest}`;
}

/** A body without a length, in pieces; `breakAt` ends it in error instead. */
export function streamOf(
  bytes: Uint8Array<ArrayBuffer>,
  piece = 64 * 1024,
  breakAt = Infinity,
): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream<Uint8Array>({
    pull(controller): void {
      if (at >= breakAt) return controller.error(new Error("The caller went away"));
      if (at >= bytes.length) return controller.close();
      const end = Math.min(at + piece, bytes.length, breakAt);
      controller.enqueue(bytes.slice(at, end));
      at = end;
    },
  }, { highWaterMark: 0 });
}

/** What `RequestInit` lacks in the types of some runtimes. */
export const HALF: Readonly<Record<string, string>> = { duplex: "half" };
