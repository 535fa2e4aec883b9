import type { TestProject } from "vitest/node";
import { fileURLToPath } from "node:url";
import { startServer } from "../support/processes_node.ts";
import type { FaultAddresses } from "./control.ts";

/** Start the fault server on Node, whatever runtime the tests run on. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const main = fileURLToPath(new URL("server_node.ts", import.meta.url));
  const running = await startServer("node", [main], /^ready .*$/m);
  const line = /^ready (.*)$/m.exec(running.output())?.[1] ?? "";
  project.provide("faults", JSON.parse(line) as FaultAddresses);
  project.provide("full", process.env["TIDEGATE_FULL"] === "1");
  return () => running.stop();
}
