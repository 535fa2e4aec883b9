import type { AnswerInit } from "./answer.ts";
import type { LoggedRequest } from "./request_log.ts";

/**
 * A place in a body: bytes from the start, bytes from the end when negative (-1 is the last byte),
 * or anywhere, by the simulation's seed.
 */
export type Position = number | "random";

/** Places count in the body that is being sent, or in the whole blob of which it may be a range. */
export interface Place {
  readonly at: Position;
  /** Default is `body` for what breaks the transfer, `blob` for what changes bytes. */
  readonly within?: "body" | "blob";
}

/** One way to go wrong. */
export type FaultAction =
  /** Break the connection at a byte. */
  | { readonly kind: "cut"; readonly by: "close" | "reset" } & Place
  /** Send nothing more from a byte on, or nothing for a while. */
  | { readonly kind: "stall"; readonly resumeAfterMs?: number } & Place
  /**
   * Break the connection before the status line, or never answer. The host has acted: a lost
   * acknowledgement; `unseen`: the host never sees the request.
   */
  | {
    readonly kind: "drop";
    readonly by: "close" | "reset" | "stall";
    readonly unseen?: boolean;
  }
  /** Break the connection when so many bytes of the request's body have arrived. */
  | {
    readonly kind: "cut-request";
    readonly at: Position;
    readonly by: "close" | "reset" | "stall";
  }
  /** Invert a bit. */
  | { readonly kind: "flip"; readonly bit?: number } & Place
  /** End the body early, and say so: a complete answer that is too short. */
  | { readonly kind: "truncate" } & Place
  /** Noise after the body, counted in its length. */
  | { readonly kind: "lengthen"; readonly bytes: number }
  /** Repeat a segment, pushing the rest back; the length stays. */
  | { readonly kind: "duplicate"; readonly bytes: number } & Place
  /** Noise of the same length in place of the body. */
  | { readonly kind: "replace" }
  /** No `Content-Length`: chunks, or an end that is told by closing the connection. */
  | { readonly kind: "frame"; readonly by: "chunked" | "until-close" }
  /** Wait before answering; `commit`: when the request has arrived, before the host acts on it. */
  | { readonly kind: "delay"; readonly ms: number; readonly before?: "answer" | "commit" }
  /** A slow body: so many bytes, then a wait, and so on. */
  | { readonly kind: "pace"; readonly bytes: number; readonly everyMs: number }
  /** Change headers; undefined removes one. `Content-Length` may lie. */
  | {
    readonly kind: "headers";
    readonly set: Readonly<Record<string, string | undefined>>;
  }
  /**
   * Answer something else; the host never sees the request. `early`: before its body has arrived,
   * as proxies do that find it too large.
   */
  | { readonly kind: "answer"; readonly early?: boolean } & AnswerInit;

/** Which requests a fault is for. Every part given must hold. */
export interface FaultMatch {
  /** Origin or host name. */
  readonly host?: string;
  readonly hostKind?: LoggedRequest["kind"];
  readonly method?: string;
  /** The path, `*` for any characters, or an expression. */
  readonly path?: string | RegExp;
  /** Only with, or only without, a `Range` header. */
  readonly ranged?: boolean;
  /** Only with, or only without, an `Authorization` header. */
  readonly authorized?: boolean;
}

/** Which of the matching requests, counted from 1. Every part given must hold. Default is all. */
export interface FaultOccurrence {
  readonly nth?: number | readonly number[];
  /** The first n. */
  readonly first?: number;
  /** Every nth. */
  readonly every?: number;
  /** All but the first n. */
  readonly after?: number;
}

/** A program: what goes wrong, for which requests, and when. */
export interface Fault extends FaultMatch, FaultOccurrence {
  readonly action: FaultAction | readonly FaultAction[];
}

/** The facts of a request that a fault looks at. */
export interface FaultSubject {
  readonly origin: string;
  readonly kind: LoggedRequest["kind"];
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
}

/** The faults of a simulation. */
export interface FaultPlan {
  /** Add programs; returns a function that takes them away again. */
  add(...faults: readonly Fault[]): () => void;
  /** Take every program away. */
  clear(): void;
  /** How many requests a program has acted on. */
  hits(fault: Fault): number;
}

interface Armed {
  readonly fault: Fault;
  seen: number;
  hits: number;
}

/** A plan and the function that takes a request's actions from it. */
export interface ArmedPlan {
  readonly plan: FaultPlan;
  /** Count a request and collect what is to go wrong with it, in the order of the programs. */
  readonly take: (subject: FaultSubject) => readonly FaultAction[];
}

/** An empty plan. */
export function createFaultPlan(): ArmedPlan {
  const armed: Armed[] = [];
  const plan: FaultPlan = {
    add(...faults): () => void {
      const added = faults.map((fault) => ({ fault, seen: 0, hits: 0 }));
      armed.push(...added);
      return () => added.forEach((one) => armed.splice(armed.indexOf(one), 1));
    },
    clear: () => void armed.splice(0),
    hits: (fault) => armed.find((one) => one.fault === fault)?.hits ?? 0,
  };
  return { plan, take: (subject) => armed.flatMap((one) => takeActions(one, subject)) };
}

function takeActions(one: Armed, subject: FaultSubject): readonly FaultAction[] {
  if (!matches(one.fault, subject)) return [];
  one.seen++;
  if (!isDue(one.fault, one.seen)) return [];
  one.hits++;
  return [one.fault.action].flat();
}

function matches(fault: FaultMatch, subject: FaultSubject): boolean {
  const { host, hostKind, method, path, ranged, authorized } = fault;
  const url = new URL(subject.url);
  return (host === undefined || host === subject.origin || host === hostOf(subject.origin)) &&
    (hostKind === undefined || hostKind === subject.kind) &&
    (method === undefined || method === subject.method) &&
    (path === undefined || pathPattern(path).test(url.pathname)) &&
    (ranged === undefined || ranged === subject.headers.has("range")) &&
    (authorized === undefined || authorized === subject.headers.has("authorization"));
}

/** The trap of every other host has no URL for an origin. */
function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}

function pathPattern(path: string | RegExp): RegExp {
  if (typeof path !== "string") return path;
  const literal = path.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*");
  return new RegExp(`^${literal}$`);
}

function isDue({ nth, first, every, after }: FaultOccurrence, seen: number): boolean {
  return (nth === undefined || [nth].flat().includes(seen)) &&
    (first === undefined || seen <= first) &&
    (every === undefined || seen % every === 0) &&
    (after === undefined || seen > after);
}
