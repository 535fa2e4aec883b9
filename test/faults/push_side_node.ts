import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import {
  bytesContent,
  contentBytes,
  type FaultAction,
  type LoggedRequest,
  type SimulatedRegistry,
  type Simulation,
} from "../../src/simulation/mod.ts";
import type { HostName } from "./catalogue.ts";
import type { Outage, PushCase, PushOutcome, PushPlan, SeenRequest } from "./control.ts";

/** What the push side of the fault server is made of. */
export interface PushSideOptions {
  readonly simulation: Simulation;
  readonly registries: Readonly<Record<HostName, SimulatedRegistry>>;
  /** An action as it was before it was JSON. */
  readonly restore: (action: FaultAction) => FaultAction;
  /** A name that no other case has. */
  readonly repositoryName: () => string;
  /** Kill the registry `restarts`, and start it again. */
  readonly restart: (outage: Outage) => Promise<void>;
}

/** The push side of the fault server: its verbs. */
export interface PushSide {
  open(plan: PushPlan): PushCase;
  close(which: PushCase & { readonly digest: string }): Promise<PushOutcome>;
  takeWrites(which: { readonly host: HostName }): readonly SeenRequest[];
}

interface OpenCase {
  readonly disarm: () => void;
  /** Settled when the registry has come back. */
  readonly outage: Promise<void> | undefined;
}

const POLL_MS = 2;

/** Create it, with no cases. */
export function createPushSide(
  { simulation, registries, restore, repositoryName, restart }: PushSideOptions,
): PushSide {
  const cases = new Map<string, OpenCase>();

  function entriesOf({ host, repository }: PushCase): LoggedRequest[] {
    const { origin } = registries[host];
    const path = `/v2/${repository}/`;
    return simulation.log.filter((one) => one.host === origin && one.target.startsWith(path));
  }

  function forget(entries: readonly LoggedRequest[]): void {
    const gone = new Set(entries);
    const others = simulation.log.filter((entry) => !gone.has(entry));
    simulation.log.splice(0, simulation.log.length, ...others);
  }

  async function awaitOutage(which: PushCase, outage: Outage): Promise<void> {
    while (!entriesOf(which).some(({ outcome }) => outcome === "stall")) {
      if (!cases.has(which.repository)) return; // nothing of it stood still
      await sleep(POLL_MS);
    }
    await restart(outage);
  }

  return {
    open({ host = "plain", faults = [], outage }): PushCase {
      const which = { host, repository: repositoryName() };
      const armed = faults.map(({ path = "*", ...fault }) => ({
        ...fault,
        action: [fault.action].flat().map(restore),
        ...{ host: `${host}.test`, path: `/v2/${which.repository}/${String(path)}` },
      }));
      const { blobs } = registries[host].repository(which.repository);
      if (host === "rots") letRot(blobs);
      const disarm = simulation.faults.add(...armed);
      const waiting = outage && sleep(0).then(() => awaitOutage(which, outage));
      cases.set(which.repository, { disarm, outage: waiting });
      return which;
    },
    async close({ digest, ...which }): Promise<PushOutcome> {
      const { disarm, outage } = cases.get(which.repository) as OpenCase;
      disarm();
      cases.delete(which.repository);
      await outage;
      const entries = entriesOf(which);
      forget(entries);
      const { blobs, manifests, tags } = registries[which.host].repository(which.repository);
      const content = blobs.get(digest);
      const open = [...registries[which.host].uploads.values()]
        .filter(({ repository }) => repository === which.repository);
      const outcome = {
        stored: content && sha256(contentBytes(content)),
        count: blobs.size + manifests.size + tags.size,
        uploads: open.length,
        arrivedBytes: entries.reduce((sum, { bodyBytes }) => sum + bodyBytes, 0),
        seen: entries.map(seenRequest),
      };
      blobs.clear();
      open.forEach(({ id }) => registries[which.host].uploads.delete(id));
      return outcome;
    },
    takeWrites({ host }): readonly SeenRequest[] {
      const { origin } = registries[host];
      const writes = simulation.log.filter(({ host, method }) =>
        host === origin && method !== "GET" && method !== "HEAD"
      );
      forget(writes);
      return writes.map(seenRequest);
    },
  };
}

function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

/** From now on what is stored has its middle bit inverted. */
function letRot(blobs: BlobMap): void {
  const set = blobs.set.bind(blobs);
  blobs.set = (digest, content) => {
    const bytes = contentBytes(content);
    const middle = bytes.length >> 1;
    bytes[middle] = (bytes[middle] ?? 0) ^ 1;
    return set(digest, bytesContent(bytes));
  };
}

type BlobMap = ReturnType<SimulatedRegistry["repository"]>["blobs"];

/** An entry of the log without its body. */
export function seenRequest(
  { method, target, headers, status, sentBytes, outcome, unreadBytes = 0 }: LoggedRequest,
): SeenRequest {
  return { method, target, headers, status, sentBytes, outcome, unreadBytes };
}
