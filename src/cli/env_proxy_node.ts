import process from "node:process";
import type { CliHost } from "./host.ts";
import { runtimeName } from "./runtime_node.ts";
import { UsageError } from "./usage_error.ts";

/** What tells of a proxy, in capitals or not. */
const PROXIES: readonly string[] = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"];

interface ProxyModule {
  /** From Node 24.14 on. */
  setGlobalProxyFromEnv?(env: CliHost["env"]): unknown;
}

/** Whether the environment names a proxy. */
export function hasProxy(env: CliHost["env"]): boolean {
  return PROXIES.some((name) => env[name] || env[name.toLowerCase()]);
}

/**
 * Let `fetch` use the proxies that the environment names, `NO_PROXY` excepted. Deno's and Bun's do so by
 * themselves, Node's where it is told to.
 *
 * @throws {UsageError} For a proxy that is no URL.
 */
export function useEnvProxy(env: CliHost["env"]): void {
  if (!hasProxy(env) || runtimeName() !== "Node.js") return;
  const http = process.getBuiltinModule("node:http") as ProxyModule;
  try {
    http.setGlobalProxyFromEnv?.(env);
  } catch {
    // no cause: the address may have a password
    throw new UsageError("A proxy in the environment is no URL: see HTTP_PROXY and HTTPS_PROXY");
  }
}
