import type { Fault, LoggedRequest } from "../../src/simulation/mod.ts";
import type { BlobName, HostName } from "./catalogue.ts";

/** Where everything listens: `127.0.0.1:PORT` each. */
export interface FaultAddresses {
  readonly control: string;
  readonly door: string;
  readonly registries: Readonly<Record<HostName, string>>;
}

declare module "vitest" {
  interface ProvidedContext {
    readonly faults: FaultAddresses;
    /** Whether the long cases are run, too. */
    readonly full: boolean;
  }
}

/** A fault for one case: which blob requests it is for, and what goes wrong. */
export type CaseFault = Pick<Fault, "action" | "nth" | "after" | "first">;

/** A repository of its own, with its own faults. */
export interface FaultCase {
  readonly host: HostName;
  readonly repository: string;
  readonly digest: string;
}

/** What the registry saw, without bodies. */
export type SeenRequest = Pick<
  Required<LoggedRequest>,
  "method" | "target" | "headers" | "status" | "sentBytes" | "outcome" | "unreadBytes"
>;

async function call(address: string, path: string, body: unknown): Promise<unknown> {
  const response = await fetch(`http://${address}${path}`, {
    method: "POST",
    body: JSON.stringify(body, (_, value) => value ?? null), // an undefined header is one taken away
  });
  if (!response.ok) throw new Error(`fault server: ${await response.text()}`);
  return await response.json();
}

/** Arm faults for the requests of one blob, in a repository that no other case uses. */
export async function openCase(
  { control }: FaultAddresses,
  host: HostName,
  blob: BlobName,
  faults: readonly CaseFault[],
): Promise<FaultCase> {
  return await call(control, "/open", { host, blob, faults }) as FaultCase;
}

/** What the registry has seen of a case so far. */
export async function readCase(
  { control }: FaultAddresses,
  { host, repository }: FaultCase,
): Promise<readonly SeenRequest[]> {
  return await call(control, "/read", { host, repository }) as SeenRequest[];
}

/** Take the faults away again and get the log. */
export async function closeCase(
  { control }: FaultAddresses,
  { host, repository }: FaultCase,
): Promise<readonly SeenRequest[]> {
  return await call(control, "/close", { host, repository }) as SeenRequest[];
}
