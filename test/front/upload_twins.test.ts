import { env } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { createFrontDoor } from "../../src/front/mod.ts";
import { errorOf, readBody, sha256Hex, type TestDoor } from "../support/front_door.ts";
import {
  begin,
  HALF,
  makeBlob,
  openPushDoor,
  SEALED,
  streamOf,
  type TestBlob,
  withDigest,
} from "../support/door_uploads.ts";

/*
 * Two doors with one configuration and one key, as two isolates have them: nothing in memory is
 * shared, only the Durable Object, and every request goes to the other one than the last.
 */

const { UPLOADS } = env as unknown as { UPLOADS: object };
const MIB = 1024 * 1024;

interface Twins extends TestDoor {
  /** Requests that each has answered. */
  readonly turns: [number, number];
}

async function openTwins(): Promise<Twins> {
  const first = await openPushDoor({ env: { UPLOADS } });
  const second = createFrontDoor({
    upstreams: [{ name: "sim", origin: "https://registry.test", default: true }],
    ...SEALED.config,
  }, { fetch: first.simulation.fetch });
  const turns: [number, number] = [0, 0];
  const work: Promise<unknown>[] = [];
  const context = { waitUntil: (promise: Promise<unknown>) => void work.push(promise) };
  return {
    ...first,
    turns,
    send(path, { host = "door.test", ...init } = {}): Promise<Response> {
      if (turns[0] === turns[1]) {
        turns[0]++;
        return first.send(path, { host, ...init });
      }
      turns[1]++;
      const request = new Request(`https://${host}${path}`, init);
      return second.fetch(request, { ...SEALED.env, UPLOADS }, context);
    },
    async settled(): Promise<void> {
      await first.settled();
      await Promise.allSettled(work);
    },
  };
}

/** Send the chunks from `at` on, each through the other door; all but the last by PATCH. */
async function sendRest(
  twins: Twins,
  from: string,
  blob: TestBlob,
  { at = 0, chunk, isStream = false }: { at?: number; chunk: number; isStream?: boolean },
): Promise<Response> {
  const { bytes, digest } = blob;
  let location = from;
  let start = at;
  for (; start + chunk < bytes.length; start += chunk) {
    const end = start + chunk;
    const part = bytes.slice(start, end);
    const patched = await twins.send(location, {
      method: "PATCH",
      headers: { "content-range": `${start}-${end - 1}` },
      body: isStream ? streamOf(part) : part,
      ...HALF,
    });
    expect([patched.status, patched.headers.get("range")]).toEqual([202, `0-${end - 1}`]);
    location = patched.headers.get("location") ?? "";
  }
  return await twins.send(withDigest(location, digest), {
    method: "PUT",
    headers: { "content-range": `${start}-${bytes.length - 1}` },
    body: bytes.slice(start),
  });
}

/** It is there, every byte, and the doors hashed it on its way: they have not read it back. */
async function expectVerified(twins: Twins, answer: Response, blob: TestBlob): Promise<void> {
  expect(answer.status).toBe(201);
  expect(answer.headers.get("docker-content-digest")).toBe(blob.digest);
  const reads = twins.simulation.log.filter(({ method, target }) =>
    method === "GET" && target.includes("/blobs/sha256:")
  );
  expect(reads).toHaveLength(0);
  expect(Math.abs(twins.turns[0] - twins.turns[1])).toBeLessThanOrEqual(1);
  const got = await readBody(await twins.send(`/v2/acme/app/blobs/${blob.digest}`));
  expect(`sha256:${await sha256Hex(got.bytes)}`).toBe(blob.digest);
}

describe("twin doors over one Durable Object", () => {
  it.each([
    [1000, 300, false],
    [10_000, 999, false],
    [3 * MIB, MIB, false],
    [5 * MIB, 2 * MIB + 1, false],
    [5 * MIB, MIB + 1, true],
    [40_000, 500, true],
  ])("take %i bytes in chunks of %i in turns (streams: %s)", async (size, chunk, isStream) => {
    const twins = await openTwins();
    const blob = await makeBlob(size);
    const answer = await sendRest(twins, await begin(twins), blob, { chunk, isStream });
    await expectVerified(twins, answer, blob);
  });

  it("refuse a digest that the bytes of both do not have, before the commit", async () => {
    const twins = await openTwins();
    const [blob, { digest }] = await Promise.all([makeBlob(5 * MIB), makeBlob(10, 2)]);
    const wrong = { bytes: blob.bytes, digest };
    const answer = await sendRest(twins, await begin(twins), wrong, { chunk: 2 * MIB });
    expect([answer.status, (await errorOf(answer)).code]).toEqual([400, "DIGEST_INVALID"]);
    expect(twins.simulation.log.map(({ method }) => method)).not.toContain("PUT");
  });

  it.each([1000, MIB + 5])(
    "find what the other took when the answer to %i bytes was lost",
    async (chunk) => {
      const twins = await openTwins();
      const blob = await makeBlob(4 * chunk);
      const location = await begin(twins);
      const init = { method: "PATCH", body: blob.bytes.slice(0, chunk) };
      expect((await twins.send(location, init)).status).toBe(202);
      await twins.settled();
      // the caller heard nothing, and sends it again where it knows: to the other door
      const again = await twins.send(location, {
        ...init,
        headers: { "content-range": `0-${chunk - 1}` },
        body: blob.bytes.slice(0, chunk),
      });
      expect(again.headers.get("range")).toBe(`0-${chunk - 1}`);
      const next = again.headers.get("location") ?? "";
      const answer = await sendRest(twins, next, blob, { at: chunk, chunk });
      await expectVerified(twins, answer, blob);
    },
  );

  it.each([1_500_000, 2 * MIB, 3 * MIB - 1])(
    "go on where a caller of the other broke off, at byte %i",
    async (at) => {
      const twins = await openTwins();
      const blob = await makeBlob(3 * MIB);
      const location = await begin(twins);
      const body = streamOf(blob.bytes, 100_000, at);
      const cut = await twins.send(location, { method: "PATCH", body, ...HALF });
      expect(cut.status).toBe(400);
      await twins.settled();
      const status = await twins.send(location);
      expect([status.status, status.headers.get("range")]).toEqual([204, `0-${at - 1}`]);
      const next = status.headers.get("location") ?? "";
      const answer = await sendRest(twins, next, blob, { at, chunk: 700_000 });
      await expectVerified(twins, answer, blob);
    },
  );

  it("take two uploads at once without mixing them", async () => {
    const twins = await openTwins();
    const blobs = await Promise.all([makeBlob(50_000, 3), makeBlob(50_000, 4)]);
    const answers = await Promise.all(
      blobs.map(async (blob) => sendRest(twins, await begin(twins), blob, { chunk: 7000 })),
    );
    for (const [i, blob] of blobs.entries()) {
      expect(answers[i]?.headers.get("docker-content-digest")).toBe(blob.digest);
    }
  });
});
