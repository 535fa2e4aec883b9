import { spawnSync } from "node:child_process";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { isTidegateError } from "../../src/core/mod.ts";
import { serveFrontDoor, type ServeOptions } from "../../src/serve/mod.ts";
import { temporaryFolder } from "../support/processes_node.ts";
import { exchangeRaw, parseAnswer } from "../support/raw_http_node.ts";
import {
  digestOf,
  openConfig,
  openServedWorld,
  SECRETS,
  type ServedWorld,
  until,
} from "../support/served_door_node.ts";

const folder = temporaryFolder("serve");
afterAll(() => folder.remove());
let world: ServedWorld | undefined;
afterEach(async () => {
  await world?.close();
  world = undefined;
});

const get = (path: string): string =>
  `GET ${path} HTTP/1.1\r\nHost: door.test\r\nConnection: close\r\n\r\n`;
const UPLOADS = "/v2/acme/app/blobs/uploads/";

/** Ask the door at a port, as any client does. */
async function ask(port: number, path: string, init: RequestInit = {}): Promise<Response> {
  return await fetch(`http://127.0.0.1:${port}${path}`, init);
}

describe("serveFrontDoor()", () => {
  const origin = "http://127.0.0.1:9";
  const rejects = async (config: unknown, options: ServeOptions = {}): Promise<string> => {
    const error = await serveFrontDoor(config, { env: SECRETS, ...options }).catch((e) => e);
    return isTidegateError(error, "CONFIGURATION") ? error.details.key : String(error);
  };

  it("takes JSON, YAML, and what is parsed", async () => {
    const json = JSON.stringify(openConfig(origin));
    const yaml = `upstreams: [{ name: sim, origin: "${origin}", default: true }] # and a comment`;
    for (const config of [json, yaml, openConfig(origin)]) {
      const door = await serveFrontDoor(config, { env: SECRETS });
      expect((await ask(door.port, "/")).status).toBe(200);
      await door.close();
    }
  });

  it("refuses at once what a Worker would refuse at its first request", async () => {
    expect(await rejects({ upstream: [] })).toBe("upstream");
    expect(await rejects("upstreams: {")).toBe("");
    expect(await rejects(openConfig(origin), { env: {} })).toBe("SEAL_KEY");
    expect(await rejects(openConfig(origin), { env: { SEAL_KEY: "short" } })).not.toMatch(/short/);
    expect(await rejects(openConfig(origin), { kv: join(folder.path, "no", "x.db") })).toBe("kv");
  });

  it("says when the port is taken, and leaves nothing open", async () => {
    const first = await serveFrontDoor(openConfig(origin), { env: SECRETS });
    const kv = join(folder.path, "taken.db");
    const second = serveFrontDoor(openConfig(origin), { env: SECRETS, port: first.port, kv });
    await expect(second).rejects.toMatchObject({ code: "EADDRINUSE" });
    await first.close();
  });

  it("writes addresses with the scheme and host that its caller sees", async () => {
    const access = { tokens: [{ name: "ci", sha256: "ab".repeat(32), allow: ["sim/**:pull"] }] };
    for (const behindTls of [false, true]) {
      world = await openServedWorld({ behindTls }, { access });
      const { headers } = parseAnswer(await exchangeRaw(world.port, get("/v2/acme/app/tags/list")));
      const challenge = headers.get("www-authenticate") ?? "";
      const realm = /realm="([^"]*)"/.exec(challenge)?.[1] ?? "";
      if (realm.includes("://")) {
        expect(realm).toBe(`${behindTls ? "https" : "http"}://door.test/v2/token`);
      }
      expect(challenge).not.toBe("");
      await world.close();
    }
    world = undefined;
  });

  it("keeps manifests in its SQLite file: a restart asks the upstream no more", async () => {
    const kv = join(folder.path, "cache.db");
    const cache = { tagTtlSeconds: 600 };
    world = await openServedWorld({ kv }, { cache });
    expect((await ask(world.port, "/v2/acme/app/manifests/v1")).status).toBe(200);
    await world.door.close();
    const again = await serveFrontDoor({ ...openConfig(originOf(world)), cache }, {
      ...{ env: SECRETS, kv },
    });
    const before = world.simulation.log.length;
    expect((await ask(again.port, "/v2/acme/app/manifests/v1")).status).toBe(200);
    const asked = world.simulation.log.slice(before).filter(({ method }) => method === "GET");
    expect(asked.filter(({ target }) => target.includes("/manifests/"))).toEqual([]);
    await again.close();
  });

  it("goes on with an upload after a restart, also where it broke off unanswered", async () => {
    const kv = join(folder.path, "uploads.db");
    world = await openServedWorld({ kv });
    const body = randomBytes(3_000_000);
    const started = await ask(world.port, UPLOADS, { method: "POST" });
    const location = started.headers.get("location") ?? "";
    const half = body.subarray(0, 1_500_000);
    // the caller never hears of this
    const patched = await ask(world.port, location, { method: "PATCH", body: half });
    expect(patched.status).toBe(202);
    await world.door.close();
    const again = await serveFrontDoor(openConfig(originOf(world)), { env: SECRETS, kv });
    const where = await ask(again.port, location);
    expect(where.headers.get("range")).toBe("0-1499999");
    const reads = (): number => world?.simulation.log.filter(isBlobRead).length ?? 0;
    const before = reads();
    const next = where.headers.get("location") ?? "";
    const end = await ask(again.port, `${next}?digest=${digestOf(body)}`, {
      method: "PUT",
      body: body.subarray(1_500_000),
    });
    expect(end.status).toBe(201);
    // the hash came from the file: nothing had to be read back
    expect(reads()).toBe(before);
    await again.close();
  });

  it("lets an open transfer end when it closes", async () => {
    world = await openServedWorld();
    world.simulation.faults.add({
      path: "*/blobs/*",
      action: { kind: "pace", bytes: 100_000, everyMs: 40 },
    });
    const transfer = exchangeRaw(world.port, get(world.blobPath(2)));
    await until(() => (world?.simulation.log.at(-1)?.sentBytes ?? 0) > 100_000);
    await world.door.close(10_000);
    const answer = parseAnswer(await transfer);
    expect(answer.isComplete).toBe(true);
    expect(digestOf(answer.body)).toBe(world.image.layers[2]?.digest);
  });
});

function originOf({ registry }: ServedWorld): string {
  return registry.address;
}

function isBlobRead({ method, target }: { method: string; target: string }): boolean {
  return method === "GET" && /\/blobs\/sha256:/.test(target);
}

describe("over TLS", () => {
  const file = (name: string): string => join(folder.path, name);
  const made = spawnSync("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"],
    ...[
      "-days",
      "1",
      "-subj",
      "/CN=door.test",
      "-keyout",
      file("key.pem"),
      "-out",
      file("cert.pem"),
    ],
  ]);
  const read = (name: string): string => readFileSync(file(name), "utf8");

  /** A whole body, or undefined for one that breaks off. */
  async function getTls(port: number, path: string): Promise<Uint8Array | undefined> {
    const answer = parseAnswer(await exchangeRaw(port, get(path), { ca: read("cert.pem") }));
    return answer.isComplete ? answer.body : undefined;
  }

  it.runIf(made.status === 0)("a blob comes whole, and a wrong one never", async () => {
    world = await openServedWorld({ tls: { cert: read("cert.pem"), key: read("key.pem") } });
    expect(world.door.url).toMatch(/^https:\/\/127\.0\.0\.1:/);
    for (const framing of [[], [{ kind: "frame", by: "chunked" } as const]]) {
      world.simulation.faults.clear();
      world.simulation.faults.add({ path: "*/blobs/*", action: framing });
      const whole = await getTls(world.port, world.blobPath(2));
      expect(digestOf(whole ?? new Uint8Array(0))).toBe(world.image.layers[2]?.digest);
      const flip = { kind: "flip", at: -1, within: "body" } as const;
      world.simulation.faults.clear();
      world.simulation.faults.add({ path: "*/blobs/*", action: [flip, ...framing] });
      expect(await getTls(world.port, world.blobPath(2))).toBeUndefined();
    }
  });

  it.runIf(made.status === 0)(
    "a certificate that is none, or another key's, is refused",
    async () => {
      const [cert, key] = [read("cert.pem"), read("key.pem")];
      const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
      const other = pair.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
      for (const tls of [{ cert: "no", key }, { cert, key: "no" }, { cert, key: other }]) {
        const opened = serveFrontDoor(openConfig("http://127.0.0.1:9"), { env: SECRETS, tls });
        const error = await opened.catch((reason) => reason);
        expect(isTidegateError(error, "CONFIGURATION") && error.details.key).toBe("tls");
      }
    },
  );
});
