import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, describe, expect, it } from "vitest";
import { createFetchSend } from "../../../src/transport/fetch_send.ts";
import { streamedBytes } from "../../../src/transport/streamed_bytes_node.ts";
import { blobRequest } from "../../support/transport.ts";

const MIB = 1024 * 1024;
const BYTES = Uint8Array.from({ length: 3 * MIB + 17 }, (_, i) => (i * 7 + (i >> 11)) % 251);

const server = createServer(async (request, response) => {
  const body = Buffer.concat(await request.toArray());
  const { "content-length": length, "transfer-encoding": encoding } = request.headers;
  const isRight = body.equals(BYTES.subarray(5, 5 + body.length));
  response.end(JSON.stringify({ length, encoding, got: body.length, isRight }));
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
afterAll(() => void server.close());

describe("streamedBytes()", () => {
  it("gives small bodies as they are", () => {
    expect(streamedBytes(new Uint8Array(MIB - 1))).toBeUndefined();
    expect(streamedBytes(new Uint8Array(MIB))).toBeInstanceOf(ReadableStream);
  });

  it("gives parts of the bytes, not copies", async () => {
    const bytes = BYTES.slice();
    const pieces: Uint8Array[] = [];
    for await (const piece of streamedBytes(bytes.subarray(5)) ?? []) pieces.push(piece);
    expect(pieces.every(({ buffer }) => buffer === bytes.buffer)).toBe(true);
    expect(Buffer.concat(pieces).equals(BYTES.subarray(5))).toBe(true);
  });

  it.each([10, MIB - 1, MIB, 3 * MIB + 12])(
    "goes over the wire with its length: %i",
    async (size) => {
      const send = createFetchSend({
        fetch: (request) => fetch(request),
        userAgent: "tidegate-test",
      });
      const request = blobRequest({ url, method: "PUT", body: BYTES.subarray(5, 5 + size) });
      for (let i = 0; i < 2; i++) { // the same request again, as after a 401
        const { body } = await send(request);
        expect(await new Response(body).json())
          .toEqual({ length: String(size), got: size, isRight: true });
      }
    },
  );
});

describe("a body that is a stream", () => {
  const send = createFetchSend({ fetch: (request) => fetch(request), userAgent: "tidegate-test" });

  it("is not kept while it is sent", async () => {
    setFlagsFromString("--expose-gc");
    const collectGarbage = runInNewContext("gc") as () => void; // else it stays as long as it likes
    let [left, most] = [100, 0];
    const before = process.memoryUsage().arrayBuffers;
    const body = new ReadableStream<Uint8Array>({
      pull(controller): void {
        if (left % 10 === 0) collectGarbage();
        most = Math.max(most, process.memoryUsage().arrayBuffers - before);
        if (left-- === 0) return controller.close();
        controller.enqueue(new Uint8Array(MIB));
      },
    }, { highWaterMark: 0 });
    const drain = createServer((request, response) => {
      request.resume().once("end", () => response.end());
    });
    drain.listen(0, "127.0.0.1");
    await once(drain, "listening");
    const { port } = drain.address() as AddressInfo;
    const { status } = await send(
      blobRequest({ url: `http://127.0.0.1:${port}/`, method: "PATCH", body }),
    );
    drain.close();
    expect(status).toBe(200);
    expect(most).toBeLessThan(32 * MIB);
  });

  it("that is redirected is a typed error", async () => {
    const elsewhere = createServer((request, response) => {
      request.resume();
      response.writeHead(307, { location: "/elsewhere" }).end();
    });
    elsewhere.listen(0, "127.0.0.1");
    await once(elsewhere, "listening");
    const { port } = elsewhere.address() as AddressInfo;
    const body = new Blob(["x"]).stream();
    const sent = send(blobRequest({ url: `http://127.0.0.1:${port}/`, method: "PATCH", body }));
    await expect(sent).rejects.toMatchObject({ code: "UNSUPPORTED" });
    elsewhere.close();
  });
});
