#!/usr/bin/env node
/**
 * The `tidegate` command, on Node, Deno and Bun.
 *
 * In: words. Out: results on standard output, the rest on standard error, an exit code. Next: nobody.
 * @module
 */
import process from "node:process";
import type { CliHost } from "./host.ts";
import { collectOften } from "./collect_node.ts";
import { holdYoungHeap } from "./young_heap_node.ts";

holdYoungHeap(process.argv.slice(2)); // first: it does not shrink again
collectOften(process.argv.slice(2));
const { useEnvProxy } = await import("./env_proxy_node.ts");
const { EXIT } = await import("./exit_code.ts");
const { nodeHost } = await import("./host_node.ts");
const { runCommandLine } = await import("./run.ts");
const { VERSION } = await import("./version.ts");

/** How long what was begun may take to end when the user has interrupted it. */
const GRACE_MS = 5000;
/** What a command that asked for more may take on top, to stop by itself. */
const MARGIN_MS = 3000;

function main(): void {
  const interrupted = new AbortController();
  let graceMs = GRACE_MS;
  const stop = (): void => {
    if (interrupted.signal.aborted) process.exit(EXIT.interrupted); // twice: at once
    interrupted.abort(new DOMException("The user interrupted it", "AbortError"));
    setTimeout(() => process.exit(EXIT.interrupted), graceMs).unref();
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  process.on("SIGXFSZ", () => {}); // a file that becomes too large is an error of its writing
  // whoever writes is told by the write itself; without a listener the process would end
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
  const host: CliHost = {
    ...nodeHost(interrupted.signal),
    allowGrace: (milliseconds) => void (graceMs = milliseconds + MARGIN_MS),
  };
  try {
    useEnvProxy(host.env);
  } catch (error) {
    process.stderr.write(`Error: ${(error as Error).message}\n`);
    process.exit(EXIT.usage);
  }
  process.exitCode = EXIT.failed; // Deno ends on its own when standard error takes nothing
  runCommandLine(process.argv.slice(2), host, VERSION).then((code) => {
    process.exit(code);
  });
}

main();
