import type { TestProject } from "vitest/node";
import { startRelay } from "./relay_node.ts";

/** Start the relay, on Node, for the tests that run in workerd. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const relay = await startRelay();
  project.provide("relay", relay.origin);
  return () => relay.close();
}
