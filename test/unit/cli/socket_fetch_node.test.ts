import { execFile, execFileSync, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import tls, { createServer as createTlsServer } from "node:tls";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { socketFetch } from "../../../src/cli/socket_fetch_node.ts";
import { temporaryFolder } from "../../support/processes_node.ts";

const OTHER = new Response("other");
const MIB = 1024 * 1024;
const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A server that answers every connection by itself; its address, and what it was sent. */
async function serve(
  answer: (socket: Socket) => void,
): Promise<{ readonly url: string; readonly asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", (text) => {
      asked.push(String(text));
      answer(socket);
    });
  });
  servers.push(server.listen(0, "127.0.0.1"));
  await once(server, "listening");
  return { url: `http://127.0.0.1:${(server.address() as { port: number }).port}/a?b=c`, asked };
}

const left: Request[] = [];
const fetching = socketFetch((request) => {
  left.push(request);
  return Promise.resolve(OTHER);
});
const get = (url: string, init?: RequestInit): Promise<Response> =>
  fetching(new Request(url, init));
const plain = (body: string, more = ""): string =>
  `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n${more}\r\n${body}`;

describe("socketFetch()", () => {
  it("asks as fetch does, once per connection, and gives the answer", async () => {
    const { url, asked } = await serve((socket) => socket.end(plain("hello", "ETag: a\r\n")));
    const response = await get(url, { headers: { range: "bytes=0-4", "user-agent": "test" } });
    expect([response.status, response.headers.get("etag")]).toEqual([200, "a"]);
    expect(await response.text()).toBe("hello");
    expect(asked.length).toBe(1);
    expect(asked[0]).toMatch(/^GET \/a\?b=c HTTP\/1\.1\r\n/);
    const fields = asked[0]?.split("\r\n").slice(1);
    expect(fields).toEqual(expect.arrayContaining([
      ...["accept: */*", "range: bytes=0-4", "user-agent: test", "connection: close"],
      `host: ${new URL(url).host}`,
    ]));
  });

  it("reads 20 MiB whatever the pieces are", async () => {
    const piece = new Uint8Array(777_777).map((_, i) => i % 251);
    const size = 20 * MIB;
    const { url } = await serve((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`);
      for (let left = size; left > 0; left -= piece.length) socket.write(piece.subarray(0, left));
    });
    const bytes = await (await get(url)).bytes();
    expect(bytes.length).toBe(size);
    expect(bytes.every((byte, i) => byte === i % piece.length % 251)).toBe(true);
  });

  it.each([
    ["a redirect", "HTTP/1.1 307 T\r\nLocation: /x\r\nContent-Length: 2\r\n\r\nhi", 307],
    ["an error", "HTTP/1.1 404 N\r\nContent-Length: 2\r\n\r\nhi", 404],
  ])("gives %s as it is", async (_, text, status) => {
    const { url } = await serve((socket) => socket.end(text));
    const response = await get(url);
    expect([response.status, await response.text()]).toEqual([status, "hi"]);
  });

  it.each([
    ["chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
    ["no length", "HTTP/1.1 200 OK\r\n\r\n"],
    ["what is no HTTP", "hello\r\n\r\n"],
    ["no content", "HTTP/1.1 204 No\r\nContent-Length: 0\r\n\r\n"],
  ])("leaves %s to the other, and closes its connection", async (_, text) => {
    const closed = Promise.withResolvers<void>();
    const { url } = await serve((socket) => {
      socket.on("close", () => closed.resolve());
      socket.write(text);
    });
    const request = new Request(url, { headers: { range: "bytes=1-" }, redirect: "manual" });
    expect(await fetching(request)).toBe(OTHER);
    expect(left.at(-1)).toBe(request);
    await closed.promise;
  });

  it("leaves everything but GET to the other, and ports of other protocols", async () => {
    expect(await get("http://127.0.0.1:9999/", { method: "HEAD" })).toBe(OTHER);
    for (const port of [1, 25, 1023, 2049, 6000, 6667, 10080]) {
      expect(await get(`http://127.0.0.1:${port}/`)).toBe(OTHER);
    }
    expect(left.at(-1)?.url).toBe("http://127.0.0.1:10080/");
  });

  it("rejects as fetch does where nobody listens, or the head does not end", async () => {
    const cause = { code: "ECONNREFUSED" };
    await expect(get("http://127.0.0.1:9999/")).rejects.toMatchObject({ name: "TypeError", cause });
    const { url } = await serve((socket) => socket.end("HTTP/1.1 200 OK\r\nContent-"));
    await expect(get(url)).rejects.toBeInstanceOf(TypeError);
  });

  it("never takes a short body for whole", async () => {
    for (const end of ["end", "resetAndDestroy"] as const) {
      const { url } = await serve((socket) => {
        const text = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello";
        socket.write(text, () => setTimeout(() => socket[end]?.(), 20));
      });
      const response = await get(url);
      await expect(response.text(), end).rejects.toBeInstanceOf(TypeError);
    }
  });

  it("ends with the signal's reason, before, while and after it waits for the head", async () => {
    const reason = new Error("stop");
    const { url } = await serve(() => {});
    await expect(get(url, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const controller = new AbortController();
    const waiting = get(url, { signal: controller.signal });
    setTimeout(() => controller.abort(reason), 20);
    await expect(waiting).rejects.toBe(reason);
    const { url: slow } = await serve((socket) => socket.write(plain("hello").slice(0, -1)));
    const late = new AbortController();
    const response = await get(slow, { signal: late.signal });
    setTimeout(() => late.abort(reason), 20);
    await expect(response.text()).rejects.toBe(reason);
  });

  it("stops the server while nobody reads, and lets it go when nobody will", async () => {
    const closed = Promise.withResolvers<void>();
    const pouring = pour();
    const { url } = await serve((socket) => {
      socket.on("close", () => closed.resolve());
      pouring.into(socket);
    });
    const response = await get(url);
    await expectHeldBack(response, pouring);
    await response.body?.cancel();
    await closed.promise;
  });
});

const POURED = 64 * MIB;

/** Answers with 64 MiB as fast as they are taken, counting. */
function pour(): { into(socket: Socket): void; written(): number } {
  let written = 0;
  return {
    written: () => written,
    into(socket): void {
      const piece = new Uint8Array(MIB);
      const more = (): void => {
        while (written < POURED) {
          written += piece.length;
          if (!socket.write(piece)) return;
        }
      };
      socket.on("drain", more);
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${POURED}\r\n\r\n`);
      more();
    },
  };
}

/** A pause, a read, a pause: the server gets no further than what the kernels hold. */
async function expectHeldBack(
  { body }: Response,
  { written }: Pick<ReturnType<typeof pour>, "written">,
): Promise<void> {
  const reader = body?.getReader({ mode: "byob" });
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(written()).toBeLessThan(POURED / 2);
    await reader?.read(new Uint8Array(1000));
  }
  reader?.releaseLock();
}

/** A certificate for `localhost`, and that of who vouches for it. */
function makeCertificates(folder: string): Readonly<Record<"key" | "cert" | "ca", string>> {
  const at = (name: string): string => join(folder, name);
  const ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  const openssl = (...words: readonly string[]): unknown =>
    execFileSync("openssl", words, { stdio: "ignore" });
  writeFileSync(at("leaf.ext"), "subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n");
  const ca = ["-keyout", at("ca.key"), "-out", at("ca.pem")];
  openssl("req", "-x509", ...ec, "-days", "1", "-subj", "/CN=test authority", ...ca);
  openssl("req", ...ec, "-subj", "/CN=localhost", "-keyout", at("key.pem"), "-out", at("leaf.csr"));
  const signed = ["-CA", at("ca.pem"), "-CAkey", at("ca.key"), "-CAcreateserial", "-days", "1"];
  const out = ["-extfile", at("leaf.ext"), "-out", at("cert.pem")];
  openssl("x509", "-req", "-in", at("leaf.csr"), ...signed, ...out);
  return { key: at("key.pem"), cert: at("cert.pem"), ca: at("ca.pem") };
}

const HAS_OPENSSL = spawnSync("openssl", ["version"]).status === 0;

describe.runIf(HAS_OPENSSL)("socketFetch() over TLS", () => {
  const folder = temporaryFolder("tls");
  let [key, cert, ca] = ["", "", ""];
  beforeAll(() => void ({ key, cert, ca } = makeCertificates(folder.path)));
  afterAll(folder.remove);

  async function serveTls(answer: (socket: Socket) => void): Promise<number> {
    const options = { key: readFileSync(key), cert: readFileSync(cert) };
    const server = createTlsServer(options, (socket) => {
      socket.on("error", () => {});
      socket.once("data", () => answer(socket));
    });
    server.on("tlsClientError", () => {});
    servers.push(server.listen(0, "127.0.0.1"));
    await once(server, "listening");
    return (server.address() as { port: number }).port;
  }

  it("trusts whom the runtime was told to trust, and nobody else", async () => {
    const port = await serveTls((socket) => socket.end(plain("a".repeat(3 * MIB))));
    const child = new URL("socket_fetch_child.ts", import.meta.url).pathname;
    const ask = async (host: string, env: Record<string, string>): Promise<string> => {
      const how = { env: { ...process.env, ...env } };
      const words = [child, `https://${host}:${port}/`];
      return (await promisify(execFile)(process.execPath, words, how)).stdout.trim();
    };
    const trusting = { NODE_EXTRA_CA_CERTS: ca };
    expect(await ask("localhost", trusting)).toBe(String(3 * MIB));
    expect(await ask("localhost", {})).toMatch(/^refused: /);
    expect(await ask("127.0.0.1", trusting)).toMatch(/^refused: /); // another name
  });

  it("stops the server while nobody reads, too", async () => {
    const before = tls.getCACertificates();
    tls.setDefaultCACertificates([...before, readFileSync(ca, "utf8")]);
    try {
      const pouring = pour();
      const port = await serveTls((socket) => pouring.into(socket));
      const response = await get(`https://localhost:${port}/`);
      await expectHeldBack(response, pouring);
      await response.body?.cancel();
    } finally {
      tls.setDefaultCACertificates(before);
    }
  });
});
