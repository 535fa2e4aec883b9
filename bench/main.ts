/**
 * `npm run bench -- NAME [--json] [--runtime NAME]… [--rounds N] [--case NAME]… [--full]`
 *
 * In: the name of a bench. Out: its lines, as JSON or for reading. Next: the files it names.
 * @module
 */
import { parseArgs } from "node:util";
import type { Bench, BenchLine } from "./runner.ts";

/** Every bench by name. Loaded when asked for. */
const BENCHES: Readonly<Record<string, () => Promise<Bench>>> = {
  hash: async () => (await import("./hash.ts")).benchHash,
  relay: async () => (await import("./relay.ts")).benchRelay,
  pull: async () => (await import("./pull.ts")).benchPull,
  spans: async () => (await import("./spans.ts")).benchSpans,
  push: async () => (await import("./push.ts")).benchPush,
  cli: async () => (await import("./cli.ts")).benchCli,
  latency: async () => (await import("./latency.ts")).benchLatency,
};

function forReading(line: BenchLine): string {
  const figures = `${line.value} against ${line.peer} ${line.unit}`;
  const rss = line.rss_mib === null ? "" : `, peak ${line.rss_mib} MiB`;
  const name = `${line.bench} ${line.runtime} ${line.case}`.padEnd(32);
  return `${name} ${line.ratio.toFixed(2)}x ${line.vs} (${figures}${rss})`;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: "boolean", default: false },
    full: { type: "boolean", default: false },
    runtime: { type: "string", multiple: true, default: [] },
    case: { type: "string", multiple: true, default: [] },
    rounds: { type: "string", default: "61" },
  },
});

const load = BENCHES[positionals[0] ?? ""];
if (load === undefined) {
  console.error(`Name a bench: ${Object.keys(BENCHES).join(", ")}`);
  process.exitCode = 1;
} else {
  const bench = await load();
  const options = {
    runtimes: values.runtime,
    rounds: Math.max(1, Number(values.rounds)),
    full: values.full,
    cases: values.case,
  };
  for await (const line of bench(options)) {
    console.log(values.json ? JSON.stringify(line) : forReading(line));
  }
}
