import { describe, expect, it } from "vitest";
import { openTestDoor, readBody, sha256Hex } from "../support/front_door.ts";

const BLOBS = "*/blobs/*";

describe("front door resume", () => {
  it.each([0, 1, 65_535, 65_536, 65_537, 500_000, 1_048_592])(
    "goes on inside the same answer when the upstream breaks at byte %i",
    async (at) => {
      const { send, blobPath, simulation, image } = await openTestDoor();
      simulation.faults.add({ path: BLOBS, first: 1, action: { kind: "cut", by: "close", at } });
      const answer = await send(blobPath(2));
      const { bytes, complete } = await readBody(answer);
      expect([answer.status, complete]).toEqual([200, true]);
      expect(`sha256:${await sha256Hex(bytes)}`).toBe(image.layers[2]?.digest);
      const sent = simulation.log.reduce((sum, entry) => sum + entry.sentBytes, 0);
      expect(sent - bytes.length).toBeLessThanOrEqual(1024 * 1024);
    },
  );

  it("goes on over several breaks, and within a range", async () => {
    const { send, blobPath, simulation, image } = await openTestDoor();
    simulation.faults.add({
      path: BLOBS,
      first: 3,
      action: { kind: "cut", by: "close", at: 300_000 },
    });
    const whole = await readBody(await send(blobPath(2)));
    expect(`sha256:${await sha256Hex(whole.bytes)}`).toBe(image.layers[2]?.digest);
    simulation.faults.clear();
    simulation.faults.add({
      path: BLOBS,
      first: 1,
      action: { kind: "cut", by: "close", at: 300_000 },
    });
    const part = await readBody(
      await send(blobPath(2), { headers: { range: "bytes=299000-700000" } }),
    );
    expect(part.complete).toBe(true);
    expect(part.bytes).toEqual(whole.bytes.slice(299_000, 700_001));
  });

  it("goes on when the rest comes from zero or under a fresh redirect", async () => {
    const { send, blobPath, simulation, registry, image } = await openTestDoor();
    registry.configure({ redirect: { to: simulation.blobHost("storage.test") } });
    simulation.faults.add({
      hostKind: "blobs",
      first: 1,
      action: { kind: "cut", by: "close", at: 400_000 },
    });
    const { bytes, complete } = await readBody(await send(blobPath(2)));
    expect(complete).toBe(true);
    expect(`sha256:${await sha256Hex(bytes)}`).toBe(image.layers[2]?.digest);
    expect(simulation.log.filter(({ kind }) => kind === "registry")).toHaveLength(2);
  });

  it("breaks off, short of the end, when the upstream refuses to go on", async () => {
    const { send, blobPath, simulation } = await openTestDoor();
    simulation.faults.add({
      path: BLOBS,
      nth: 1,
      action: { kind: "cut", by: "close", at: 500_000 },
    });
    simulation.faults.add({ path: BLOBS, after: 1, action: { kind: "answer", status: 404 } });
    const answer = await send(blobPath(2));
    const { complete } = await readBody(answer);
    expect([answer.status, complete]).toEqual([200, false]);
  });

  it("stops the upstream when the caller goes away", async () => {
    const { send, blobPath, simulation, settled } = await openTestDoor();
    simulation.faults.add({ path: BLOBS, action: { kind: "stall", at: 200_000 } });
    const caller = new AbortController();
    await send(blobPath(2), { signal: caller.signal });
    caller.abort();
    await settled();
    expect(simulation.log.map(({ outcome }) => outcome)).toEqual(["cancelled"]);
  });

  it("stops the upstream when the caller stops reading", async () => {
    const { send, blobPath, simulation, settled, image } = await openTestDoor();
    const answer = await send(blobPath(2));
    const reader = answer.body?.getReader();
    await reader?.read();
    await reader?.cancel();
    await settled();
    expect(simulation.log).toHaveLength(1);
    const whole = await image.layers[2]?.content.size;
    expect(simulation.log[0]?.sentBytes).toBeLessThanOrEqual(whole ?? 0);
  });
});
