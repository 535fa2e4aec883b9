import { describe, expect, it } from "vitest";
import { nextNumber, spanObserver, type TidegateEvent } from "../../../src/observability/mod.ts";

/** Counts spans. */
function countSpans(maxOpen?: number): {
  readonly observer: (event: TidegateEvent) => void;
  readonly open: Set<string>;
  readonly ended: string[];
} {
  const open = new Set<string>();
  const ended: string[] = [];
  const observer = spanObserver<string>({
    begin(name): string {
      const id = `${name} ${nextNumber()}`;
      open.add(id);
      return id;
    },
    end(id, _at, attributes): void {
      expect(open.delete(id)).toBe(true); // each once
      ended.push(`${id.split(" ")[0]} ${attributes["docker.outcome"] ?? ""}`.trim());
    },
  }, { maxOpen });
  return { observer, open, ended };
}

const PLACE = { upstream: "hub", request: 1, operation: 1 };

describe("spanObserver()", () => {
  it("lets go of the oldest where bodies are never read", () => {
    const { observer, open, ended } = countSpans(10);
    for (let operation = 0; operation < 100; operation++) {
      const facts = { operation, upstream: "hub", image: "hub/a:1" };
      observer({ type: "operation.started", name: "blob.get", ...facts });
    }
    expect(open.size).toBe(10);
    expect(ended).toHaveLength(90);
    expect(ended[0]).toBe("docker.blob.download abandoned");
  });

  it("makes nothing of ends without a beginning", () => {
    const { observer, open, ended } = countSpans();
    const facts = { operation: 1, name: "blob.get", upstream: "hub", milliseconds: 1 } as const;
    observer({ type: "operation.ended", ...facts, outcome: "ok" });
    observer({ type: "exchange.ended", ...PLACE, exchange: 1 });
    observer({ type: "exchange.answered", ...PLACE, exchange: 1, status: 200 });
    observer({ type: "exchange.failed", ...PLACE, exchange: 1, code: "NETWORK_ERROR" });
    observer({ type: "page.read", ...PLACE, items: 1 });
    observer({ type: "request.queued", ...PLACE, milliseconds: 1 });
    observer({ type: "request.authorized", ...PLACE, challenged: true, milliseconds: 1 });
    expect([open.size, ended.length]).toEqual([0, 0]);
  });

  it("ends a request whose exchange failed", () => {
    const { observer, open, ended } = countSpans();
    const facts = { ...PLACE, kind: "ping", method: "GET", url: "https://r.test/v2/" } as const;
    observer({ type: "request.sent", ...facts, attempt: 1 });
    observer({ type: "exchange.sent", ...PLACE, exchange: 5, method: "GET", url: facts.url });
    observer({ type: "exchange.failed", ...PLACE, exchange: 5, code: "NETWORK_ERROR" });
    observer({ type: "request.failed", ...facts, code: "NETWORK_ERROR", milliseconds: 1 });
    expect(open.size).toBe(0);
    expect(ended).toEqual(["docker.rate_limiter.check", "docker.http.execute", "docker.request"]);
  });
});
