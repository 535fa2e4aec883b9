import type { Observer, TidegateEvent } from "../observability/mod.ts";
import type { Output } from "./output.ts";

/** What a user should hear of while it happens: waits, retries, warnings of the registry. */
export function noteObserver(output: Output): Observer {
  const said = new Set<string>();
  return (event) => {
    const text = noteOf(event);
    if (text === undefined) return;
    if (event.type === "warning.received" && said.has(text)) return;
    said.add(text);
    output.note(text);
  };
}

function noteOf(event: TidegateEvent): string | undefined {
  switch (event.type) {
    case "request.retried": {
      const { attempt, delayMs, reason, upstream } = event;
      const what = typeof reason === "number" ? `status ${reason}` : reason;
      return `Retrying ${upstream} in ${seconds(delayMs)} s (${what}, attempt ${attempt} failed)`;
    }
    case "blob.resumed":
      return `Resuming ${short(event.digest)} at byte ${event.offset} (${event.reason})`;
    case "upload.resumed":
      return `Resuming the upload of ${
        short(event.digest)
      } at byte ${event.offset} (${event.reason})`;
    case "rate_limit.low":
      return `Warning: ${event.remaining} pulls are left at ${event.upstream}`;
    case "warning.received":
      return `Warning from ${event.upstream}: ${event.text}`;
    case "circuit.opened":
      return `${event.origin} fails again and again: waiting before it is asked again`;
    default:
      return undefined;
  }
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(1);
}

function short(digest: string | undefined): string {
  return digest === undefined ? "a blob" : digest.slice(0, "sha256:".length + 12);
}
