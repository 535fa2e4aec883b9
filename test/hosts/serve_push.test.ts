import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exchangeRaw, openRaw, parseAnswer } from "../support/raw_http_node.ts";
import { digestOf, openServedWorld, type ServedWorld, until } from "../support/served_door_node.ts";

let world: ServedWorld;
beforeAll(async () => {
  world = await openServedWorld({ timeouts: { lingerMs: 1_500 } });
});
afterAll(() => world?.close());

const UPLOADS = "/v2/acme/app/blobs/uploads/";
const latin1 = (text: string): Uint8Array => Buffer.from(text, "latin1");

/** A request in bytes, its body with its length or in chunks of 100,000 bytes. */
function requestOf(
  method: string,
  path: string,
  body: Uint8Array,
  framing: "length" | "chunks",
  more = "",
): Uint8Array {
  const length = framing === "length"
    ? `Content-Length: ${body.length}`
    : "Transfer-Encoding: chunked";
  const head = latin1(
    `${method} ${path} HTTP/1.1\r\nHost: door.test\r\nConnection: close\r\n${more}${length}\r\n\r\n`,
  );
  if (framing === "length") return Buffer.concat([head, body]);
  const parts: Uint8Array[] = [head];
  for (let at = 0; at < body.length; at += 100_000) {
    const part = body.subarray(at, at + 100_000);
    parts.push(latin1(`${part.length.toString(16)}\r\n`), part, latin1("\r\n"));
  }
  return Buffer.concat([...parts, latin1("0\r\n\r\n")]);
}

async function startUpload(): Promise<string> {
  const raw = await exchangeRaw(
    world.port,
    requestOf("POST", UPLOADS, new Uint8Array(0), "length"),
  );
  const { status, headers } = parseAnswer(raw);
  expect(status).toBe(202);
  return headers.get("location") ?? "";
}

const put = (location: string, digest: string): string =>
  `${location}${location.includes("?") ? "&" : "?"}digest=${digest}`;

/** What the registry has under a digest. */
const stored = (digest: string): boolean => world.registry.repository("acme/app").blobs.has(digest);

describe.each(["length", "chunks"] as const)("a blob pushed by its %s", (framing) => {
  it.each([0, 1, 65_536, 70_000, 3_000_000])("of %i bytes arrives in one PUT", async (size) => {
    const body = randomBytes(size);
    const digest = digestOf(body);
    const location = await startUpload();
    const raw = await exchangeRaw(
      world.port,
      requestOf("PUT", put(location, digest), body, framing),
    );
    expect(parseAnswer(raw).status).toBe(201);
    expect(stored(digest)).toBe(true);
  });

  it("arrives in two PATCHes and a PUT", async () => {
    const body = randomBytes(3_000_000);
    let location = await startUpload();
    for (const part of [body.subarray(0, 1_400_000), body.subarray(1_400_000)]) {
      const raw = await exchangeRaw(world.port, requestOf("PATCH", location, part, framing));
      const { status, headers } = parseAnswer(raw);
      expect(status).toBe(202);
      location = headers.get("location") ?? "";
    }
    const last = requestOf("PUT", put(location, digestOf(body)), new Uint8Array(0), "length");
    expect(parseAnswer(await exchangeRaw(world.port, last)).status).toBe(201);
    expect(stored(digestOf(body))).toBe(true);
  });

  it("of other bytes than its digest says is refused", async () => {
    const body = randomBytes(2_000_000);
    const digest = digestOf(randomBytes(10));
    const raw = await exchangeRaw(
      world.port,
      requestOf("PUT", put(await startUpload(), digest), body, framing),
    );
    expect(parseAnswer(raw).status).toBe(400);
    expect(stored(digest)).toBe(false);
  });

  it("that breaks off is not committed, and goes on after a broken PATCH", async () => {
    const body = randomBytes(3_000_000);
    const location = await startUpload();
    const whole = requestOf("PATCH", location, body, framing);
    const socket = await openRaw(world.port, whole.subarray(0, 2_000_000));
    await until(() =>
      [...world.registry.uploads.values()].some(({ data }) => data.size > 1_000_000)
    );
    socket.destroy();
    // what was on its way may still arrive: then 416 says so, and the caller asks again
    const tryRest = async (): Promise<number> => {
      const asked = requestOf("GET", location, new Uint8Array(0), "length");
      const { headers } = parseAnswer(await exchangeRaw(world.port, asked));
      const at = Number(/-(\d+)$/.exec(headers.get("range") ?? "")?.[1]) + 1;
      expect(at).toBeGreaterThan(0);
      const path = put(headers.get("location") ?? location, digestOf(body));
      const range = `Content-Range: ${at}-${body.length - 1}\r\n`;
      const rest = requestOf("PUT", path, body.subarray(at), framing, range);
      return parseAnswer(await exchangeRaw(world.port, rest)).status;
    };
    let status = await tryRest();
    for (let tries = 1; status === 416 && tries < 50; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      status = await tryRest();
    }
    expect(status).toBe(201);
    expect(stored(digestOf(body))).toBe(true);
  });
});

describe("a body that is not to come", () => {
  const manifest = "/v2/acme/app/manifests/huge";

  it("is refused by its length alone, and the answer arrives", async () => {
    const head = "PUT " + manifest + " HTTP/1.1\r\nHost: door.test\r\n" +
      "Content-Type: application/vnd.oci.image.manifest.v1+json\r\nContent-Length: 99000000\r\n\r\n";
    const raw = await exchangeRaw(world.port, Buffer.concat([latin1(head), randomBytes(500_000)]));
    expect(parseAnswer(raw).status).toBe(413);
    expect(raw.end).not.toBe("silent");
    expect(raw.tookMs).toBeLessThan(4_000);
  });

  it("is not asked for by 100 Continue", async () => {
    const head = "PUT " + manifest + " HTTP/1.1\r\nHost: door.test\r\nExpect: 100-continue\r\n" +
      "Content-Type: application/vnd.oci.image.manifest.v1+json\r\nContent-Length: 99000000\r\n\r\n";
    const { bytes } = await exchangeRaw(world.port, head);
    expect(Buffer.from(bytes).toString("latin1")).toMatch(/^HTTP\/1\.1 413 /);
  });

  it("that is wanted is asked for", async () => {
    const body = randomBytes(10_000);
    const digest = digestOf(body);
    const path = put(await startUpload(), digest);
    const request = requestOf("PUT", path, body, "length", "Expect: 100-continue\r\n");
    const head = request.length - body.length;
    const socket = await openRaw(world.port, request.subarray(0, head));
    const first = await new Promise<Uint8Array>((resolve) => socket.once("data", resolve));
    expect(Buffer.from(first).toString("latin1")).toMatch(/^HTTP\/1\.1 100 /);
    const second = new Promise<Uint8Array>((resolve) => socket.once("data", resolve));
    socket.write(body);
    expect(Buffer.from(await second).toString("latin1")).toMatch(/^HTTP\/1\.1 201 /);
    socket.destroy();
    expect(stored(digest)).toBe(true);
  });
});

describe("bytes that are no request", () => {
  it.each([
    [
      "two lengths",
      "POST /v2/ HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    ],
    [
      "a length and chunks",
      "POST /v2/ HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
    ["no host", "GET /v2/ HTTP/1.1\r\n\r\n"],
    ["two hosts", "GET /v2/ HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"],
    ["a header without a name", "GET /v2/ HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n"],
    [
      "a bare line feed in a chunk's size",
      "POST /v2/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\n\r\n",
    ],
    [
      "a head of a mebibyte",
      `GET /v2/ HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(1024 * 1024)}\r\n\r\n`,
    ],
    ["TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"],
  ])("%s: refused, and the connection ends", async (_, request) => {
    const raw = await exchangeRaw(world.port, latin1(request));
    expect(raw.end).not.toBe("silent");
    expect([0, 400, 405, 431]).toContain(parseAnswer(raw).status);
    expect(
      parseAnswer(
        await exchangeRaw(
          world.port,
          latin1(
            "GET /v2/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
          ),
        ),
      ).status,
    ).toBe(200);
  });
});
