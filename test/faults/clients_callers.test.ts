import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, inject, it } from "vitest";
import { BLOB_SIZES } from "./catalogue.ts";
import { closeCase, type FaultCase, openCase, readCase, type SeenRequest } from "./control.ts";
import { pullWithCurl } from "./http_clients_node.ts";
import { createComparison } from "./pull.ts";

const faults = inject("faults");
const SIZE = BLOB_SIZES.huge;
const MIB = 1024 * 1024;
/** What sockets, workerd and the verifier may hold of a transfer whose caller does not read. */
const MOST_HELD_BYTES = 24 * MIB;

/** A caller that reads as much as it is told to, and tells nothing. */
interface Caller {
  /** Read on until so many bytes of the body have come, or it has ended. */
  readTo(bytes: number): Promise<void>;
  readonly comparison: ReturnType<typeof createComparison>;
  readonly socket: Socket;
}

async function call({ repository, digest }: FaultCase): Promise<Caller> {
  const { hostname, port } = new URL(`http://${faults.door}`);
  const socket = connect(Number(port), hostname);
  socket.write(
    `GET /v2/plain/${repository}/blobs/${digest} HTTP/1.1\r\nHost: ${faults.door}\r\n` +
      "Connection: close\r\n\r\n",
  );
  const comparison = createComparison({ blob: "huge", range: undefined });
  let head = "";
  let isBody = false;
  let wanted = 0;
  let reached: (() => void) | undefined;
  const check = (): void => {
    if (comparison.shown < wanted && !socket.readableEnded) return;
    socket.pause();
    reached?.();
  };
  socket.on("data", (chunk) => {
    if (isBody) comparison.add(chunk);
    else {
      head += chunk.toString("latin1");
      const end = head.indexOf("\r\n\r\n");
      isBody = end >= 0;
      if (isBody) comparison.add(Buffer.from(head.slice(end + 4), "latin1"));
    }
    check();
  });
  socket.on("end", check);
  socket.pause();
  return {
    comparison,
    socket,
    readTo(bytes): Promise<void> {
      wanted = bytes;
      return new Promise((resolve) => {
        reached = resolve;
        socket.resume();
        check();
      });
    },
  };
}

/** Wait until what the registry sends stands still. */
async function settled(opened: FaultCase): Promise<SeenRequest | undefined> {
  for (let before = -1, still = 0;;) {
    const [entry] = await readCase(faults, opened);
    still = entry?.sentBytes === before ? still + 1 : 0;
    before = entry?.sentBytes ?? 0;
    if (still >= 5) return entry;
    await sleep(200);
  }
}

async function isOver(opened: FaultCase): Promise<boolean> {
  for (let tries = 0; tries < 50; tries++) {
    const seen = await readCase(faults, opened);
    if (seen.every(({ outcome }) => outcome !== "open")) return true;
    await sleep(200);
  }
  return false;
}

describe("a caller of the door that is slow", () => {
  it("holds the registry back, and gets the whole when it reads on", async () => {
    const opened = await openCase(faults, "plain", "huge", []);
    const { comparison, readTo } = await call(opened);
    for (const read of [1, 20, 40].map((mib) => mib * MIB)) {
      await readTo(read);
      const entry = await settled(opened);
      expect(entry?.outcome).toBe("open");
      expect(entry?.sentBytes).toBeLessThan(comparison.shown + MOST_HELD_BYTES);
    }
    await readTo(SIZE);
    expect(comparison).toMatchObject({ shown: SIZE, whole: true });
    expect((await closeCase(faults, opened)).map(({ outcome }) => outcome)).toEqual(["complete"]);
  });

  it("does not notice that the registry broke off meanwhile", async () => {
    const cut = { kind: "cut", by: "reset", at: 30 * MIB } as const;
    const opened = await openCase(faults, "plain", "huge", [{ nth: 1, action: cut }]);
    const { comparison, readTo } = await call(opened);
    await readTo(25 * MIB);
    await settled(opened);
    await readTo(SIZE);
    expect(comparison).toMatchObject({ shown: SIZE, whole: true });
    expect(await closeCase(faults, opened)).toHaveLength(2);
  });
});

describe("a caller of the door that goes away", () => {
  it.each([1, 50, 99])("after %i %% takes the registry's connection with it", async (percent) => {
    const opened = await openCase(faults, "plain", "huge", []);
    const { readTo, socket } = await call(opened);
    await readTo(Math.floor((SIZE * percent) / 100));
    socket.destroy();
    expect(await isOver(opened)).toBe(true);
    const seen = await closeCase(faults, opened);
    expect(seen).toHaveLength(1); // nobody resumes for nobody
    if (percent < 99) expect(seen[0]).toMatchObject({ outcome: "cancelled" });
    expect(["cancelled", "complete"]).toContain(seen[0]?.outcome);
  });

  it("while the registry says nothing takes the connection with it, too", async () => {
    const stall = { kind: "stall", at: 5 * MIB, resumeAfterMs: 60_000 } as const;
    const opened = await openCase(faults, "plain", "huge", [{ action: stall }]);
    const { readTo, socket } = await call(opened);
    await readTo(2 * MIB);
    socket.destroy();
    expect(await isOver(opened)).toBe(true);
    expect(await closeCase(faults, opened)).toMatchObject([{ outcome: "cancelled" }]);
  });

  it("leaves the door as it was for others", async () => {
    const opened = await openCase(faults, "plain", "large", []);
    const repository = `plain/${opened.repository}`;
    const pulled = await pullWithCurl({
      ...{ ...opened, repository, address: faults.door, blob: "large" },
    });
    await closeCase(faults, opened);
    expect(pulled).toMatchObject({ complete: true, right: true });
  });
});
