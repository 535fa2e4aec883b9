import { createHash } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import process from "node:process";
import { encodeHex } from "../core/mod.ts";
import { errnoOf } from "./disk_node.ts";

/** Whether the process that a name tells of still runs. `unknown`: it is of another machine. */
export type Liveness = "running" | "gone" | "unknown";

interface Owner {
  /** Hash of host, boot and process namespace: where process ids mean the same. */
  readonly machine: string;
  readonly pid: number;
  /** When it was started, as the kernel counts; `0` where that cannot be seen. */
  readonly started: string;
}

const NAME = /^([0-9a-f]{8})\.([0-9]{1,10})\.([0-9]{1,20})\.[0-9a-f]{16}$/;

/**
 * A name for something that this process holds: `machine.pid.started.random`. Whoever finds a file
 * of such a name can tell whether it is still held: a crash leaves no lock behind. A process id that
 * is used again has another start.
 */
export function newOwnerName(): string {
  const { machine, started } = ownSelf();
  const random = encodeHex(crypto.getRandomValues(new Uint8Array(8)));
  return `${machine}.${process.pid}.${started}.${random}`;
}

/** Whether a text has the form of {@linkcode newOwnerName}. */
export function isOwnerName(text: string): boolean {
  return NAME.test(text);
}

/** Whether the process of an owner's name still runs. */
export function livenessOf(name: string): Liveness {
  const [, machine = "", id = "", started = ""] = NAME.exec(name) ?? [];
  if (machine !== ownSelf().machine) return "unknown";
  return isRunning({ machine, pid: Number(id), started }) ? "running" : "gone";
}

let self: Owner | undefined;

function ownSelf(): Owner {
  return self ??= {
    machine: machineName(),
    pid: process.pid,
    started: startOf(process.pid) ?? "0",
  };
}

function isRunning(owner: Owner): boolean {
  const started = startOf(owner.pid);
  if (started !== undefined && owner.started !== "0") return started === owner.started;
  return answers(owner.pid);
}

/** Signal 0 only asks. A process that may not be asked is there. */
function answers(id: number): boolean {
  try {
    process.kill(id, 0);
    return true;
  } catch (error) {
    return errnoOf(error) !== "ESRCH";
  }
}

/**
 * When a process was started; `none` for one that has ended and only waits to be collected.
 * Undefined where there is no `/proc`, or no such process.
 * @see {@link https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html | proc_pid_stat(5), fields 3 and 22}
 */
function startOf(id: number): string | undefined {
  const text = tryRead(`/proc/${id}/stat`);
  // the name, in brackets, may hold anything
  const fields = text?.slice(text.lastIndexOf(")") + 2).split(" ");
  if (fields === undefined) return undefined;
  return fields[0] === "Z" || fields[0] === "X" ? "none" : fields[19];
}

function machineName(): string {
  const boot = tryRead("/proc/sys/kernel/random/boot_id") ?? "";
  const facts = [tryAsk(hostname), boot, tryAsk(() => readlinkSync("/proc/self/ns/pid"))].join(
    "\n",
  );
  return createHash("sha256").update(facts).digest("hex").slice(0, 8);
}

/** Empty where the system has no such thing, or Deno was not allowed to ask. */
function tryAsk(ask: () => string): string {
  try {
    return ask();
  } catch {
    return "";
  }
}

function tryRead(path: string): string | undefined {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return undefined;
  }
}
