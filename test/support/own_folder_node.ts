import { onTestFinished } from "vitest";
import { temporaryFolder } from "./processes_node.ts";

/** A folder for the test that asks, gone when the test has ended. */
export function ownFolder(name: string): string {
  const { path, remove } = temporaryFolder(name);
  onTestFinished(remove);
  return path;
}
