import { env } from "cloudflare:test";
import { beforeEach, describe, expect, it } from "vitest";
import type { SimulatedTokenService } from "../../src/simulation/mod.ts";
import { openTestDoor, readBody, type TestDoor } from "../support/front_door.ts";

interface Namespace {
  get(key: string, type: "arrayBuffer"): Promise<ArrayBuffer | null>;
  put(key: string, value: Uint8Array): Promise<void>;
  delete(key: string): Promise<void>;
  list(): Promise<{ readonly keys: readonly { readonly name: string }[] }>;
}
const { TOKENS } = env as unknown as { TOKENS: Namespace };

const PASSWORD = "canary-password-7f3a";
const SECRETS = { HUB_PASSWORD: PASSWORD, SEAL_KEY: "k".repeat(44), TOKENS };

async function openDoor(
  keys: readonly unknown[] = [{ secret: "SEAL_KEY" }],
  tokenOrigins: readonly string[] = ["https://auth.test"],
): Promise<TestDoor & { readonly service: SimulatedTokenService }> {
  const door = await openTestDoor({
    env: { ...SECRETS, OTHER_KEY: "o".repeat(44) },
    upstream: {
      tokenOrigins,
      credentials: { username: "robot", password: { secret: "HUB_PASSWORD" } },
    },
    config: { sealingKeys: keys },
  });
  const service = door.simulation.tokenService("auth.test", { users: { robot: PASSWORD } });
  door.registry.configure({ auth: { mode: "bearer", tokens: service } });
  return { ...door, service };
}

/** A second isolate: another door before the same registry, tokens and store. */
async function openAgain(first: TestDoor, keys?: readonly unknown[]): Promise<TestDoor> {
  const { createFrontDoor } = await import("../../src/front/mod.ts");
  const door = createFrontDoor({
    upstreams: [{
      name: "sim",
      origin: "https://registry.test",
      default: true,
      tokenOrigins: ["https://auth.test"],
      credentials: { username: "robot", password: { secret: "HUB_PASSWORD" } },
    }],
    access: { anonymous: ["sim/**:pull"] },
    sealingKeys: keys ?? [{ secret: "SEAL_KEY" }],
  }, { fetch: first.simulation.fetch });
  const bindings = { ...SECRETS, OTHER_KEY: "o".repeat(44) };
  return {
    ...first,
    send: (path, init) => door.fetch(new Request(`https://door.test${path}`, init), bindings),
  };
}

function tokenRequests({ simulation }: TestDoor): number {
  return simulation.log.filter(({ kind }) => kind === "tokens").length;
}

async function names(): Promise<string[]> {
  return (await TOKENS.list()).keys.map(({ name }) => name);
}

beforeEach(async () => {
  for (const name of await names()) await TOKENS.delete(name);
});

describe("front door tokens", () => {
  it("logs in upstream, and needs no second token in this isolate or another", async () => {
    const door = await openDoor();
    expect((await door.send(door.manifestPath)).status).toBe(200);
    expect(tokenRequests(door)).toBe(1);
    await readBody(await door.send(door.blobPath(2)));
    expect(tokenRequests(door)).toBe(1);
    const other = await openAgain(door);
    expect((await other.send(door.manifestPath)).status).toBe(200);
    expect(tokenRequests(door)).toBe(1);
  });

  it("leaves nothing readable in the store", async () => {
    const door = await openDoor();
    await door.send(door.manifestPath);
    const stored = await names();
    expect(stored.length).toBeGreaterThan(0);
    const secrets = [PASSWORD, "robot", "acme", "registry.test", ...door.service.issued];
    for (const name of stored) {
      const value = new Uint8Array(await TOKENS.get(name, "arrayBuffer") ?? new ArrayBuffer(0));
      const text = name + String.fromCharCode(...value);
      const shown = [text, btoa(String.fromCharCode(...value))].join(" ");
      for (const secret of secrets) expect(shown).not.toContain(secret);
    }
  });

  it("stores nothing without sealing keys", async () => {
    const door = await openDoor([]);
    expect((await door.send(door.manifestPath)).status).toBe(200);
    expect((await door.send(door.manifestPath)).status).toBe(200);
    expect(tokenRequests(door)).toBe(1);
    expect(await names()).toEqual([]);
  });

  it("takes swapped, cut and foreign values for absent ones", async () => {
    const door = await openDoor();
    await door.send(door.manifestPath);
    const stored = await names();
    for (const name of stored) await TOKENS.put(name, new Uint8Array(100).fill(1));
    const second = await openAgain(door);
    expect((await second.send(door.manifestPath)).status).toBe(200);
    expect(tokenRequests(door)).toBe(2);
  });

  it("reads under an old key what a new key no longer writes", async () => {
    const door = await openDoor([{ secret: "OTHER_KEY" }]);
    await door.send(door.manifestPath);
    const rotated = await openAgain(door, [{ secret: "SEAL_KEY" }, { secret: "OTHER_KEY" }]);
    expect((await rotated.send(door.manifestPath)).status).toBe(200);
    expect(tokenRequests(door)).toBe(1);
    const retired = await openAgain(door, [{ secret: "SEAL_KEY" }]);
    expect((await retired.send(door.manifestPath)).status).toBe(200);
    expect(tokenRequests(door)).toBe(2);
  });

  it("sends the password to the pinned token endpoint alone", async () => {
    const door = await openDoor();
    await door.send(door.manifestPath);
    const bare = PASSWORD;
    const basic = btoa(`robot:${PASSWORD}`);
    for (const entry of door.simulation.log) {
      const text = JSON.stringify([entry.url, entry.headers, String.fromCharCode(...entry.body)]);
      const seen = text.includes(bare) || text.includes(basic) ||
        text.includes(encodeURIComponent(basic));
      expect(seen).toBe(entry.kind === "tokens");
    }
  });

  it("sends it to no realm that is not configured, and says nothing of it to the caller", async () => {
    const door = await openDoor(undefined, []);
    const answer = await door.send(door.manifestPath);
    const text = await answer.text() + JSON.stringify([...answer.headers]);
    expect(text).not.toMatch(/auth\.test|registry\.test|canary/);
    for (const entry of door.simulation.log) {
      const sent = JSON.stringify([entry.url, entry.headers]);
      expect(sent).not.toContain(btoa(`robot:${PASSWORD}`));
    }
  });
});
