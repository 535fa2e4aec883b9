import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import type { Running } from "../support/processes_node.ts";

/** Memory of the workerd that a server started, in MiB. */
export interface WorkerdMemory {
  /** Resident now. */
  readonly residentMib: number;
  /** Most that was resident since {@linkcode resetPeak}. */
  readonly peakMib: number;
}

/** Read what workerd uses and used. */
export function workerdMemory(server: Running): WorkerdMemory {
  const status = readFileSync(`/proc/${workerdOf(server)}/status`, "utf8");
  return { residentMib: mib(status, "VmRSS"), peakMib: mib(status, "VmHWM") };
}

/** Forget the peak so far (proc(5), `clear_refs`). */
export function resetPeak(server: Running): void {
  writeFileSync(`/proc/${workerdOf(server)}/clear_refs`, "5");
}

function mib(status: string, field: string): number {
  const [, kib] = new RegExp(`^${field}:\\s*(\\d+) kB$`, "m").exec(status) ?? [];
  return Math.round(Number(kib) / 1024);
}

/** The most that the largest process of a server's group had resident since {@linkcode forgetPeaks}. */
export function peakMibOf({ pid }: Running): number {
  const peaks = membersOf(pid).map((id) => {
    try {
      return mib(readFileSync(`/proc/${id}/status`, "utf8"), "VmHWM");
    } catch {
      return 0; // it has ended
    }
  });
  const most = Math.max(0, ...peaks);
  if (most === 0) throw new Error(`nothing runs in the group of ${pid}`);
  return most;
}

/** Forget the peaks of a server's group. */
export function forgetPeaks({ pid }: Running): void {
  for (const id of membersOf(pid)) writeFileSync(`/proc/${id}/clear_refs`, "5");
}

/** The workerd in the process group that a server leads. */
function workerdOf({ pid }: Running): string {
  const found = membersOf(pid, "workerd")[0];
  if (found === undefined) throw new Error(`no workerd in the group of ${pid}`);
  return found;
}

/** Processes of a group, by their ids; those of one name where one is given. */
function membersOf(group: number, name?: string): readonly string[] {
  return readdirSync("/proc").filter((id) => {
    if (!/^\d+$/.test(id)) return false;
    try {
      const stat = readFileSync(`/proc/${id}/stat`, "utf8");
      const [, own, rest = ""] = /\((.*)\) (.*)/.exec(stat) ?? [];
      return Number(rest.split(" ")[2]) === group && (name === undefined || own === name);
    } catch {
      return false; // it has ended
    }
  });
}
