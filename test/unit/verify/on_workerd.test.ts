import { createServer, type Server, type Socket } from "node:net";
import { request } from "node:http";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MAX_LOST_BYTES, systemClock } from "../../../src/core/mod.ts";
import { awaitDelivered } from "../../../src/simulation/send_queue_node.ts";
import { bundleWorker } from "../../../tools/worker_bundle.ts";
import { bodyOf, digestOf } from "./support.ts";

const body = bodyOf(5_000_017);
const size = body.length;
const digest = digestOf(body);

let origin: Server;
let miniflare: Miniflare;
let originUrl = "";
let workerUrl: URL;

/** `/whole`, `/flip/N`, `/close/N`, `/reset/N`: the body as it is, with a bit flipped, cut at N. */
function answer(socket: Socket, path: string): void {
  const [, kind = "", at = "0"] = path.split("/");
  const sent = body.slice(0, kind === "close" || kind === "reset" ? Number(at) : size);
  if (kind === "flip") sent[Number(at)] = (sent[Number(at)] as number) ^ 1;
  socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${size}\r\n\r\n`);
  socket.write(sent, () => {
    if (kind === "close") socket.end();
    if (kind !== "reset") return;
    void awaitDelivered(socket, systemClock, new AbortController().signal) // first let it arrive,
      .then(() => setTimeout(() => socket.resetAndDestroy(), 300)); // and be read
  });
}

beforeAll(async () => {
  origin = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", (data) => answer(socket, data.toString("latin1").split(" ")[1] ?? ""));
  });
  await new Promise<void>((resolve) => origin.listen(0, "127.0.0.1", resolve));
  const address = origin.address();
  originUrl = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
  miniflare = new Miniflare(convertV4MiniflareOptions({
    host: "127.0.0.1",
    port: 0,
    cf: false,
    compatibilityDate: "2026-10-01",
    modules: await bundleWorker("test/unit/verify/workerd_relay.ts"),
  }));
  workerUrl = await miniflare.ready;
});

afterAll(async () => {
  await miniflare.dispose();
  origin.close();
});

interface Received {
  readonly bytes: Uint8Array;
  readonly complete: boolean;
  readonly length: string | undefined;
}

/** Get it with a client that tells whether the body was whole; hang up after `most` bytes. */
function relay(path: string, crowd: number, most = Infinity): Promise<Received> {
  const query = new URLSearchParams({
    url: originUrl + path,
    digest,
    size: `${size}`,
    crowd: `${crowd}`,
  });
  return new Promise((resolve, reject) => {
    const sent = request(new URL(`/?${query}`, workerUrl), (response) => {
      const parts: Uint8Array[] = [];
      let got = 0;
      response.on("data", (part) => {
        parts.push(part);
        got += part.length;
        if (got > most) sent.destroy();
      });
      response.on("error", () => {});
      response.on("close", () => {
        const length = response.headers["content-length"];
        resolve({ bytes: Buffer.concat(parts), complete: response.complete, length });
      });
    });
    sent.on("error", reject);
    sent.end();
  });
}

async function outcome(): Promise<string> {
  for (let tries = 0; tries < 500; tries++) {
    const text = await (await fetch(new URL("/outcome", workerUrl))).text();
    if (text !== "pending") return text;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return "pending";
}

describe.each([0, 8])("verifiedStream in workerd, over HTTP, beside %i others", (crowd) => {
  it("passes a body on whole, with its Content-Length", async () => {
    const { bytes, complete, length } = await relay("/whole", crowd);
    expect([complete, length, digestOf(bytes)]).toEqual([true, `${size}`, digest]);
    expect(await outcome()).toBe("verified");
  });

  it.each([0, size >> 1, size - 1])("breaks off when bit 0 of byte %i is wrong", async (at) => {
    const { bytes, complete } = await relay(`/flip/${at}`, crowd);
    expect(complete).toBe(false);
    expect(bytes.length).toBeLessThanOrEqual(size - 64 * 1024);
    expect(await outcome()).toBe("DIGEST_MISMATCH");
  });

  it.each(["close", "reset"])("breaks off when the upstream does, by %s", async (kind) => {
    const { complete } = await relay(`/${kind}/3000000`, crowd);
    expect(complete).toBe(false);
    expect(await outcome()).toBe("NETWORK_ERROR");
  });

  it("is not verified when the client hangs up", async () => {
    const { complete } = await relay("/whole", crowd, 100_000);
    expect(complete).toBe(false);
    expect(await outcome()).toBe("cancelled");
  });
});

describe("readerOf in workerd, over HTTP", () => {
  it.each(["close", "reset"])("loses less than 1 MiB, and not the half, by %s", async (kind) => {
    for (const sent of [1, 20_000, 65_536, 300_000, 1_048_576, 3_000_000, size - 1]) {
      const url = encodeURIComponent(`${originUrl}/${kind}/${sent}`);
      const response = await fetch(new URL(`/count?url=${url}`, workerUrl));
      const { got, code } = await response.json() as { got: number; code: string };
      expect(code).toBe("NETWORK_ERROR");
      const lost = sent - got;
      expect(lost).toBeLessThan(
        Math.min(MAX_LOST_BYTES, Math.max(16 * 1024, sent / 2 + 16 * 1024)),
      );
    }
  });
});
