import { describe, expect, it } from "vitest";
import { errorOf, readBody, sha256Hex, type TestDoor } from "../support/front_door.ts";
import {
  begin,
  HALF,
  makeBlob,
  openPushDoor,
  streamOf,
  type TestBlob,
  UPLOADS,
  withDigest,
} from "../support/door_uploads.ts";

const SIZES = [0, 1, 1000, 1024 * 1024, 1024 * 1024 + 1, 3 * 1024 * 1024 + 5];

async function expectStored({ send }: TestDoor, answer: Response, blob: TestBlob): Promise<void> {
  expect([answer.status, await answer.text()]).toEqual([201, ""]);
  expect(answer.headers.get("docker-content-digest")).toBe(blob.digest);
  const path = `/v2/acme/app/blobs/${blob.digest}`;
  expect(answer.headers.get("location")).toBe(path);
  const { bytes, complete } = await readBody(await send(path));
  expect([complete, bytes.length]).toEqual([true, blob.bytes.length]);
  expect(`sha256:${await sha256Hex(bytes)}`).toBe(blob.digest);
}

describe("uploads", () => {
  it.each(SIZES)("takes %i bytes in the final PUT", async (size) => {
    const door = await openPushDoor();
    const blob = await makeBlob(size);
    const location = await begin(door);
    const answer = await door.send(withDigest(location, blob.digest), {
      method: "PUT",
      body: blob.bytes,
    });
    await expectStored(door, answer, blob);
  });

  it.each(SIZES)("takes %i bytes in one POST", async (size) => {
    const door = await openPushDoor();
    const blob = await makeBlob(size);
    const answer = await door.send(withDigest(UPLOADS, blob.digest), {
      method: "POST",
      body: blob.bytes,
    });
    await expectStored(door, answer, blob);
  });

  it.each(SIZES)("takes a stream of %i bytes in one PATCH, as docker sends it", async (size) => {
    const door = await openPushDoor();
    const blob = await makeBlob(size);
    const patched = await door.send(await begin(door), {
      ...{ method: "PATCH", body: streamOf(blob.bytes) },
      ...HALF,
    });
    expect([patched.status, await patched.text()]).toEqual([202, ""]);
    expect(patched.headers.get("range")).toBe(`0-${Math.max(size - 1, 0)}`);
    const location = withDigest(patched.headers.get("location") ?? "", blob.digest);
    await expectStored(door, await door.send(location, { method: "PUT" }), blob);
  });

  it.each([[1000, 300], [3 * 1024 * 1024, 1024 * 1024], [5 * 1024 * 1024, 2 * 1024 * 1024 + 1]])(
    "takes %i bytes in chunks of %i, the last one in the PUT",
    async (size, chunk) => {
      const door = await openPushDoor();
      const blob = await makeBlob(size);
      let location = await begin(door);
      let at = 0;
      for (; at + chunk < size; at += chunk) {
        const patched = await door.send(location, {
          method: "PATCH",
          headers: { "content-range": `${at}-${at + chunk - 1}` },
          body: blob.bytes.slice(at, at + chunk),
        });
        expect([patched.status, await patched.text()]).toEqual([202, ""]);
        expect(patched.headers.get("range")).toBe(`0-${at + chunk - 1}`);
        location = patched.headers.get("location") ?? "";
        const status = await door.send(location);
        expect([status.status, status.headers.get("range")]).toEqual([204, `0-${at + chunk - 1}`]);
      }
      const answer = await door.send(withDigest(location, blob.digest), {
        method: "PUT",
        headers: { "content-range": `${at}-${size - 1}` },
        body: blob.bytes.slice(at),
      });
      await expectStored(door, answer, blob);
      expect(
        door.simulation.log.filter(({ method, target }) =>
          method === "GET" && target.includes("sha256:")
        ),
      ).toHaveLength(1); // ours, above: nothing was read back
    },
  );

  it.each(["PUT", "POST", "PATCH"])(
    "refuses a wrong digest before the commit: %s",
    async (form) => {
      for (const size of [1000, 2 * 1024 * 1024]) {
        const door = await openPushDoor();
        const [blob, other] = await Promise.all([makeBlob(size), makeBlob(size, 2)]);
        const init = { method: form, body: blob.bytes };
        let answer: Response;
        if (form === "POST") answer = await door.send(withDigest(UPLOADS, other.digest), init);
        else if (form === "PUT") {
          answer = await door.send(withDigest(await begin(door), other.digest), init);
        } else {
          const patched = await door.send(await begin(door), init);
          const location = withDigest(patched.headers.get("location") ?? "", other.digest);
          answer = await door.send(location, { method: "PUT" });
        }
        expect(answer.status).toBe(400);
        expect((await errorOf(answer)).code).toBe("DIGEST_INVALID");
        await door.settled();
        const methods = door.simulation.log.map(({ method }) => method);
        expect(methods).not.toContain("PUT");
        expect(methods.at(-1)).toBe("DELETE");
      }
    },
  );
});
