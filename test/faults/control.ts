import type { Fault, LoggedRequest } from "../../src/simulation/mod.ts";
import type { BlobName, HostName } from "./catalogue.ts";

/** Where everything listens: `127.0.0.1:PORT` each. */
export interface FaultAddresses {
  readonly control: string;
  readonly door: string;
  /** Doors of their own isolates, with the same sealing keys and no memory in common. */
  readonly twins: readonly [string, string];
  readonly registries: Readonly<Record<HostName, string>>;
  /** The token service of the registry `tokens`. */
  readonly tokens: string;
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

/** A fault for one push: which requests of the repository it is for, and what goes wrong. */
export type PushFault = CaseFault & Pick<Fault, "method" | "path">;

/** What a push goes into, and what happens to it. */
export interface PushPlan {
  /** Default is `plain`. */
  readonly host?: HostName;
  readonly faults?: readonly PushFault[];
  /** The registry goes down as soon as a request of the push stands still. */
  readonly outage?: Outage;
}

/** A registry that is killed, and started again. */
export interface Outage {
  /** How long nothing listens, in milliseconds. */
  readonly downMs: number;
  /** Whether it has forgotten all uploads then. */
  readonly forgets: boolean;
}

/** A push into a repository of its own. */
export interface PushCase {
  readonly host: HostName;
  readonly repository: string;
}

/** What the registry has of a push. */
export interface PushOutcome {
  /** Digest of the bytes that it holds under the digest asked for; absent when it holds none. */
  readonly stored: string | undefined;
  /** How many blobs, manifests and tags the repository has. */
  readonly count: number;
  /** How many uploads into the repository are open. */
  readonly uploads: number;
  /** Bytes of bodies that arrived for uploads. */
  readonly arrivedBytes: number;
  readonly seen: readonly SeenRequest[];
}

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

/** Arm faults for the pushes to a repository that no other case uses. */
export async function openPush(
  { control }: FaultAddresses,
  plan: PushPlan = {},
): Promise<PushCase> {
  return await call(control, "/open-push", plan) as PushCase;
}

/** Take the faults away again and see what the registry has. */
export async function closePush(
  { control }: FaultAddresses,
  { host, repository }: PushCase,
  digest: string,
): Promise<PushOutcome> {
  return await call(control, "/close-push", { host, repository, digest }) as PushOutcome;
}

/** What a registry was asked besides to read, by anybody, since the last time. */
export async function takeWrites(
  { control }: FaultAddresses,
  host: HostName,
): Promise<readonly SeenRequest[]> {
  return await call(control, "/take-writes", { host }) as SeenRequest[];
}
