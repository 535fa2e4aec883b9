import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FaultAction } from "../../src/simulation/mod.ts";
import { exchangeRaw, openRaw, parseAnswer } from "../support/raw_http_node.ts";
import { digestOf, openServedWorld, type ServedWorld, until } from "../support/served_door_node.ts";

let world: ServedWorld;
beforeAll(async () => {
  world = await openServedWorld();
});
afterAll(() => world?.close());

const BLOBS = "*/blobs/*";
const CHUNKED: FaultAction = { kind: "frame", by: "chunked" };
const VERSIONS = ["1.0", "1.1"] as const;
const LAYERS = [0, 1, 2] as const;
const CORRUPTIONS: readonly (readonly [string, FaultAction])[] = [
  ["a bit flipped in the first byte", { kind: "flip", at: 0, within: "body" }],
  ["a bit flipped in a middle byte", { kind: "flip", at: 500, within: "body" }],
  ["a bit flipped in the last byte", { kind: "flip", at: -1, within: "body" }],
  ["the last byte missing", { kind: "truncate", at: -1 }],
  ["half of it missing", { kind: "truncate", at: 512 }],
  ["a byte too many", { kind: "lengthen", bytes: 1 }],
  ["a mebibyte too many", { kind: "lengthen", bytes: 1024 * 1024 }],
];

const get = (path: string, version: string, more = ""): string =>
  `GET ${path} HTTP/${version}\r\nHost: door.test\r\n${more}Connection: close\r\n\r\n`;

describe.each(VERSIONS)("a blob over HTTP/%s", (version) => {
  it.each(LAYERS)("layer %i comes whole, with its length", async (layer) => {
    world.simulation.faults.clear();
    const answer = parseAnswer(
      await exchangeRaw(world.port, get(world.blobPath(layer), version)),
    );
    expect([answer.status, answer.isComplete]).toEqual([200, true]);
    expect(Number(answer.headers.get("content-length"))).toBe(answer.body.length);
    expect(digestOf(answer.body)).toBe(world.image.layers[layer]?.digest);
  });

  it.each(CORRUPTIONS)("with %s never looks complete", async (_, action) => {
    for (const framing of [[], [CHUNKED]]) {
      for (const layer of LAYERS) {
        world.simulation.faults.clear();
        world.simulation.faults.add({ path: BLOBS, action: [action, ...framing] });
        const raw = await exchangeRaw(world.port, get(world.blobPath(layer), version));
        const answer = parseAnswer(raw);
        const isWhole = answer.status === 200 && answer.isComplete;
        expect([layer, framing.length, isWhole, raw.end]).toEqual([
          layer,
          framing.length,
          false,
          "closed",
        ]);
      }
    }
  });

  it.each(LAYERS)("layer %i goes on when the upstream breaks", async (layer) => {
    world.simulation.faults.clear();
    const cut: FaultAction = { kind: "cut", by: "reset", at: 900 };
    world.simulation.faults.add({ path: BLOBS, first: 1, action: cut });
    const raw = await exchangeRaw(world.port, get(world.blobPath(layer), version));
    const answer = parseAnswer(raw);
    expect(answer.isComplete).toBe(true);
    expect(digestOf(answer.body)).toBe(world.image.layers[layer]?.digest);
  });
});

describe("a blob of which nobody tells the length", () => {
  it("goes in chunks over HTTP/1.1", async () => {
    world.simulation.faults.clear();
    world.simulation.faults.add({ path: BLOBS, action: CHUNKED });
    const answer = parseAnswer(await exchangeRaw(world.port, get(world.blobPath(2), "1.1")));
    expect(answer.headers.get("transfer-encoding")).toBe("chunked");
    expect(answer.isComplete).toBe(true);
    expect(digestOf(answer.body)).toBe(world.image.layers[2]?.digest);
  });

  it("is refused over HTTP/1.0, which could not tell its end from a break", async () => {
    world.simulation.faults.clear();
    world.simulation.faults.add({ path: BLOBS, action: CHUNKED });
    const answer = parseAnswer(await exchangeRaw(world.port, get(world.blobPath(2), "1.0")));
    expect([answer.status, answer.body.length]).toEqual([505, 0]);
  });
});

describe("answers besides", () => {
  it("HEAD has the length and no body", async () => {
    world.simulation.faults.clear();
    const raw = await exchangeRaw(world.port, get(world.blobPath(2), "1.1").replace("GET", "HEAD"));
    const { status, headers, body } = parseAnswer(raw);
    expect([status, headers.get("content-length"), body.length]).toEqual([200, "1048593", 0]);
  });

  it("a range comes verified, and breaks with a wrong byte elsewhere", async () => {
    world.simulation.faults.clear();
    const ranged = get(world.blobPath(2), "1.1", "Range: bytes=10-900000\r\n");
    const right = parseAnswer(await exchangeRaw(world.port, ranged));
    expect([right.status, right.isComplete, right.body.length]).toEqual([206, true, 899_991]);
    world.simulation.faults.add({ path: BLOBS, action: { kind: "flip", at: -1, within: "body" } });
    const wrong = parseAnswer(await exchangeRaw(world.port, ranged));
    expect(wrong.isComplete).toBe(false);
  });

  it("two requests in one write are answered in order", async () => {
    world.simulation.faults.clear();
    const first = get("/v2/", "1.1").replace("Connection: close\r\n", "");
    const raw = await exchangeRaw(world.port, first + get("/", "1.1"));
    const text = new TextDecoder().decode(raw.bytes);
    expect(text.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2);
    expect(text).toMatch(/"api":"\/v2\/"\}$/);
  });

  it.each([
    ["/v2/../v2/", 400],
    ["/v2/%2e%2e/v2/", 400],
    ["/v2/./", 400],
    ["/v2/a%2fb/tags/list", 400],
    ["//v2/", 404],
    ["*", 400],
    ["/v2/\\..", 400],
    ["http://door.test/v2/", 200],
    ["ftp://door.test/v2/", 400],
  ])("a target %s is answered %i", async (target, status) => {
    const answer = parseAnswer(await exchangeRaw(world.port, get(target, "1.1")));
    expect(answer.status).toBe(status);
  });

  it.each([["evil@door.test", 400], ["door.test/x", 400], ["a b", 400], ["door.test:1", 200]])(
    "a Host %s is answered %i",
    async (host, status) => {
      const request = get("/v2/", "1.1").replace("door.test", host);
      expect(parseAnswer(await exchangeRaw(world.port, request)).status).toBe(status);
    },
  );

  it.each(["CONNECT", "TRACE", "TRACK"])("%s is not served", async (method) => {
    const request = get("/v2/", "1.1").replace("GET", method);
    const { status } = parseAnswer(await exchangeRaw(world.port, request));
    expect([0, 400, 501]).toContain(status);
  });
});

describe("a caller that leaves", () => {
  it("ends the transfer from the upstream", async () => {
    world.simulation.faults.clear();
    const slow: FaultAction = { kind: "pace", bytes: 10_000, everyMs: 50 };
    world.simulation.faults.add({ path: BLOBS, action: slow });
    const before = world.simulation.log.length;
    const socket = await openRaw(world.port, get(world.blobPath(2), "1.1"));
    await new Promise((resolve) => socket.once("data", resolve));
    socket.destroy();
    await until(() => world.simulation.log.slice(before).at(-1)?.outcome === "cancelled");
    const sent = world.simulation.log.at(-1)?.sentBytes ?? Infinity;
    expect(sent).toBeLessThan(1024 * 1024);
  });
});
