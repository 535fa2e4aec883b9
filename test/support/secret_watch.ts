import { encodeBase64, encodeHex } from "../../src/core/bytes.ts";
import { consoleSink } from "../../src/observability/console_sink.ts";
import type { TidegateEvent } from "../../src/observability/event.ts";
import { createLogger, logObserver } from "../../src/observability/logger.ts";
import { metricsObserver } from "../../src/observability/metrics_observer.ts";
import { prometheusMetrics } from "../../src/observability/prometheus.ts";
import { secretSpellings } from "../../src/simulation/sightings.ts";
import { createTextSearch } from "./text_search.ts";

/**
 * What is watched while tests run: everything that is told, and every secret that the product is
 * given. At the end no secret may stand in what was told.
 */
export interface SecretWatch {
  /** A secret: whatever the product wraps in `Secret`, and canaries that a test names. */
  secret(value: string | Uint8Array): void;
  /** An event, as each observer is told it: written by both log sinks at debug level, and measured. */
  event(event: TidegateEvent): void;
  /** An error, as it is made: its message, its JSON, its causes; of some what `inspect` shows. */
  error(error: unknown): void;
  /** Anything else that is written: the console. */
  text(text: string): void;
  /** The places where a secret stands, each with what is around it. */
  findings(): readonly string[];
  /** How much was looked at, in characters, and for how many secrets. */
  readonly seen: { readonly characters: number; readonly secrets: number };
}

/** Shorter ones turn up by chance, and what repeats itself is no canary. */
const SHORTEST = 12;
const LEAST_DISTINCT = 8;

/** Kept for the end, when all secrets are known; what is older is looked through on the way. */
const MOST_HELD = 16 * 1024 * 1024;

/** Of each code. A stack takes a millisecond; fuzz tests make errors by the ten thousand. */
const MOST_INSPECTED = 20;

/** Make one. */
export function createSecretWatch(): SecretWatch {
  const secrets = new Set<string>();
  const keys = new Set<string>(); // bytes that are no text, as they would be written
  const found = new Set<string>();
  let held: string[] = [];
  let heldLength = 0;
  let characters = 0;
  const inspected = new Map<string, number>();
  const metrics = prometheusMetrics();
  const measure = metricsObserver(metrics);
  const search = (): void => {
    const { find } = createTextSearch([...keys, ...[...secrets].flatMap(secretSpellings)]);
    for (const text of held) for (const finding of find(text)) found.add(finding);
    [held, heldLength] = [[], 0];
  };
  const text = (line: string): void => {
    held.push(line);
    heldLength += line.length;
    characters += line.length;
    if (heldLength > MOST_HELD) search();
  };
  const plain = consoleSink({ level: "debug", write: (_, line) => text(line) });
  const logger = logObserver(createLogger({ level: "debug", write: (line) => text(line) }));
  return {
    secret(value): void {
      const secret = typeof value === "string" ? value : new TextDecoder().decode(value);
      if (typeof value !== "string" && value.length >= SHORTEST && secret.includes("\ufffd")) {
        keys.add(encodeHex(value)).add(encodeBase64(value).slice(0, -4));
        return;
      }
      if (secret.length < SHORTEST || new Set(secret).size < LEAST_DISTINCT) return;
      secrets.add(secret);
    },
    event(event): void {
      plain(event);
      logger(event);
      measure(event);
    },
    error(error): void {
      const { code = "" } = error as { readonly code?: string };
      const count = inspected.get(code) ?? 0;
      inspected.set(code, count + 1);
      text(showError(error, count < MOST_INSPECTED));
    },
    text,
    findings(): readonly string[] {
      text(metrics.text());
      search();
      return [...found];
    },
    get seen() {
      return { characters, secrets: secrets.size };
    },
  };
}

interface Inspecting {
  inspect(value: unknown, options: object): string;
}

/** Absent outside of Node, Deno and Bun. */
const util = (globalThis as {
  process?: { getBuiltinModule?(name: string): Inspecting | undefined };
}).process?.getBuiltinModule?.("node:util");

/** What an error shows, its causes included; in full: its stack and what `inspect` makes of it, too. */
function showError(error: unknown, isFull: boolean): string {
  const parts: string[] = [];
  for (let one = error; one instanceof Error && parts.length < 40; one = one.cause) {
    parts.push(String(one), json(one), json(Object.entries(one)));
    if (isFull) parts.push(one.stack ?? "");
  }
  if (isFull && util !== undefined) {
    parts.push(util.inspect(error, { depth: 8, showHidden: true }));
  }
  return parts.join("\n");
}

function json(value: unknown): string {
  try {
    return JSON.stringify(value) ?? "";
  } catch {
    return ""; // it has a circle, or a bigint
  }
}
