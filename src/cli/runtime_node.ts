import process from "node:process";

/**
 * What runs the command: Deno and Bun have Node's modules, too. Without the library's `isRuntime`, as it
 * is asked before the library is loaded.
 */
export function runtimeName(): "Node.js" | "Deno" | "Bun" {
  const { bun, deno } = process.versions;
  if (bun !== undefined) return "Bun";
  return deno === undefined ? "Node.js" : "Deno";
}
