import process from "node:process";

/**
 * Whether this is Node itself: Deno and Bun have its modules, too. Without the library's `isRuntime`, as
 * it is asked before the library is loaded.
 */
export function isNode(): boolean {
  const { bun, deno } = process.versions;
  return bun === undefined && deno === undefined;
}
