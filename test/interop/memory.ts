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

/** The workerd in the process group that a server leads. */
function workerdOf({ pid }: Running): string {
  const found = readdirSync("/proc").find((id) => /^\d+$/.test(id) && isWorkerd(id, pid));
  if (found === undefined) throw new Error(`no workerd in the group of ${pid}`);
  return found;
}

function isWorkerd(id: string, group: number): boolean {
  try {
    const [, name, rest = ""] = /\((.*)\) (.*)/.exec(readFileSync(`/proc/${id}/stat`, "utf8")) ??
      [];
    return name === "workerd" && Number(rest.split(" ")[2]) === group;
  } catch {
    return false; // it has ended
  }
}
