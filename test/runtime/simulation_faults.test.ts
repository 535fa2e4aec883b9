import { describe, expect, it } from "vitest";
import { buildImage, createSimulation } from "../../src/simulation/mod.ts";
import type { Fault, Simulation } from "../../src/simulation/mod.ts";

const SIZE = 300_000;

async function setUp(fault: Fault): Promise<{ simulation: Simulation; url: string }> {
  const simulation = createSimulation();
  const image = await buildImage({ layers: [SIZE] });
  simulation.registry("registry.test").add("a", { image });
  simulation.faults.add(fault);
  return { simulation, url: `https://registry.test/v2/a/blobs/${image.layers[0]?.digest}` };
}

async function arrival(response: Response): Promise<{ bytes: number; failed: boolean }> {
  const reader = response.body?.getReader();
  let bytes = 0;
  try {
    for (;;) {
      const chunk = await reader?.read();
      if (chunk === undefined || chunk.done) return { bytes, failed: false };
      bytes += chunk.value.length;
    }
  } catch {
    return { bytes, failed: true };
  }
}

describe("simulation faults", () => {
  it.each([0, 1, 65_536, SIZE - 1])("a cut at %i is an error after so many bytes", async (at) => {
    const { simulation, url } = await setUp({ action: { kind: "cut", at, by: "reset" } });
    expect(await arrival(await simulation.fetch(new Request(url)))).toEqual({
      bytes: at,
      failed: true,
    });
    expect(simulation.log[0]).toMatchObject({ sentBytes: at, outcome: "reset" });
  });

  it("a stall ends when the caller aborts", async () => {
    const { simulation, url } = await setUp({ action: { kind: "stall", at: 10 } });
    const controller = new AbortController();
    const response = await simulation.fetch(new Request(url, { signal: controller.signal }));
    const reading = arrival(response);
    setTimeout(() => controller.abort(), 10);
    expect(await reading).toEqual({ bytes: 10, failed: true });
  });

  it("a reader that cancels is noticed, also in a stall", async () => {
    const { simulation, url } = await setUp({ action: { kind: "stall", at: 10 } });
    const response = await simulation.fetch(new Request(url));
    const reader = response.body?.getReader();
    await reader?.read();
    await reader?.cancel();
    expect(["cancelled", "stall"]).toContain(simulation.log[0]?.outcome);
  });

  it("reads into the caller's own buffer see every byte and the end", async () => {
    const { simulation, url } = await setUp({ action: { kind: "delay", ms: 0 } });
    const response = await simulation.fetch(new Request(url));
    let reader: ReadableStreamBYOBReader;
    try {
      reader = (response.body as ReadableStream<Uint8Array<ArrayBuffer>>).getReader({
        mode: "byob",
      });
    } catch {
      return; // Bun has no such reads
    }
    let bytes = 0;
    for (let buffer: Uint8Array<ArrayBuffer> = new Uint8Array(50_000);;) {
      const { done, value } = await reader.read(buffer);
      bytes += value?.length ?? 0;
      if (done || value === undefined) break;
      buffer = new Uint8Array(value.buffer);
    }
    expect(bytes).toBe(SIZE);
  });

  it("a token flow: challenge, token, blob by redirect", async () => {
    const { simulation, url } = await setUp({ first: 0, action: { kind: "replace" } });
    const tokens = simulation.tokenService("auth.test", { users: { ann: "secret" } });
    simulation.registry("registry.test").configure({
      auth: { mode: "bearer", tokens },
      redirect: { to: simulation.blobHost("cdn.test") },
    });
    const refused = await simulation.fetch(new Request(url));
    expect(refused.headers.get("www-authenticate")).toContain(tokens.realm);
    await refused.body?.cancel();
    const body = new URLSearchParams({
      grant_type: "password",
      username: "ann",
      password: "secret",
      service: "registry.test",
      client_id: "test",
      scope: "repository:a:pull",
    });
    const answer = await simulation.fetch(new Request(tokens.realm, { method: "POST", body }));
    const { access_token } = await answer.json() as { access_token: string };
    const headers = { authorization: `Bearer ${access_token}` };
    const hop = await simulation.fetch(new Request(url, { headers, redirect: "manual" }));
    expect(hop.status).toBe(307);
    const blob = await simulation.fetch(new Request(hop.headers.get("location") ?? ""));
    expect(await arrival(blob)).toEqual({ bytes: SIZE, failed: false });
  });
});
