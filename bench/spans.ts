import { trace } from "@opentelemetry/api";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import { createRegistryClient, type RegistryClient } from "../src/client/mod.ts";
import type { Observer } from "../src/observability/mod.ts";
import { otelObserver } from "../src/observability/otel.ts";
import { parseReference } from "../src/reference/mod.ts";
import { buildImage } from "../src/simulation/mod.ts";
import { type Bench, type BenchLine, compare, cpuTime } from "./runner.ts";

const REF = parseReference("registry.example.com/acme/app:v1");
const CALLS_PER_ROUND = 200;

/**
 * What watching costs: `manifests.get` against an answer from memory, CPU time. The peer is a client
 * without an observer; without a registered SDK, `otelObserver()` must make no difference.
 */
export const benchSpans: Bench = async function* ({ rounds }): AsyncGenerator<BenchLine, void> {
  const { bytes } = await buildImage({ layers: [10] });
  const client = (observer?: Observer): RegistryClient =>
    createRegistryClient({
      fetch: () =>
        Promise.resolve(
          new Response(bytes, {
            headers: { "content-type": "application/vnd.oci.image.manifest.v1+json" },
          }),
        ),
      observer,
    });
  const bare = client();
  yield await line("no SDK", client(otelObserver()), bare, rounds);
  yield await line("observer that does nothing", client(() => {}), bare, rounds);
  trace.setGlobalTracerProvider(new BasicTracerProvider());
  yield await line("SDK that exports nothing", client(otelObserver()), bare, rounds);
};

async function line(
  name: string,
  ours: RegistryClient,
  theirs: RegistryClient,
  rounds: number,
): Promise<BenchLine> {
  const run = async (client: RegistryClient): Promise<void> => {
    for (let i = 0; i < CALLS_PER_ROUND; i++) await client.manifests.get(REF);
  };
  const times = await compare({
    ours: () => run(ours),
    theirs: () => run(theirs),
    rounds,
    now: cpuTime,
  });
  const perCall = (milliseconds: number): number =>
    Math.round(milliseconds / CALLS_PER_ROUND * 1e6) / 1e3;
  return {
    bench: "spans",
    runtime: "node",
    case: name,
    vs: "no observer",
    ratio: times.ratio,
    value: perCall(times.ours),
    peer: perCall(times.theirs),
    unit: "µs of CPU per manifests.get",
    rss_mib: null,
  };
}
