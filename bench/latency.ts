import { createSimulation, seedDemo } from "../src/simulation/mod.ts";
import { type ServedHost, serveSimulation } from "../src/simulation/serve_node.ts";
import type { BenchLine, BenchOptions } from "./runner.ts";
import { linesFromChild, RUNTIME_COMMANDS } from "./runner.ts";

const CHILD = new URL("./latency_child.ts", import.meta.url).pathname;
/** There and back: 50 ms each way. */
const WIRE_MS = 100;
/** Each round waits for the wire some fifty times. */
const MOST_ROUNDS = 61;

/**
 * What single operations take over a wire of 50 ms each way, with a warm token: p50 and p99 against
 * the limits of the requirements (P-01 to P-09), what the client itself adds to the bare requests, and
 * the first call with no token.
 */
export async function* benchLatency({ runtimes, rounds }: BenchOptions): AsyncGenerator<BenchLine> {
  const servers = await startServers();
  try {
    const [registry = "", tokens = ""] = servers.map(({ url }) => url);
    for (const runtime of Object.keys(RUNTIME_COMMANDS)) {
      if (runtimes.length > 0 && !runtimes.includes(runtime)) continue;
      const times = String(Math.min(rounds, MOST_ROUNDS));
      yield* linesFromChild(runtime, CHILD, [runtime, times, registry, tokens]);
    }
  } finally {
    await Promise.all(servers.map((server) => server.close()));
  }
}

/** A registry and its token service, each request answered late. */
async function startServers(): Promise<ServedHost[]> {
  const simulation = createSimulation({ keptBodyBytes: 0 });
  const tokens = simulation.tokenService("auth.test", {
    allow: () => true,
    lifetimeSeconds: 3600,
  });
  const registry = simulation.registry("registry.test", {
    auth: { mode: "bearer", tokens },
    push: {},
  });
  await seedDemo(registry);
  simulation.faults.add({ action: { kind: "delay", ms: WIRE_MS } });
  const serve = (host: typeof registry | typeof tokens): Promise<ServedHost> =>
    serveSimulation({ simulation, host });
  return [await serve(registry), await serve(tokens)];
}
