import { afterEach, describe, expect, it, vi } from "vitest";
import {
  consoleSink,
  joinObservers,
  observe,
  type Observer,
  type TidegateEvent,
} from "../../../src/observability/mod.ts";

const verified: TidegateEvent = {
  type: "blob.verified",
  upstream: "hub",
  digest: "sha256:1",
  size: 1,
};
const opened: TidegateEvent = {
  type: "circuit.opened",
  upstream: "hub",
  origin: "https://a.test",
  retryAt: 1,
};
const resumed: TidegateEvent = {
  type: "blob.resumed",
  digest: "sha256:1",
  offset: 1,
  attempt: 1,
  reason: "cut",
};
const failing: Observer = () => {
  throw new Error("observer");
};

describe("observe()", () => {
  it("hands over the event, and nothing to nobody", () => {
    const seen: TidegateEvent[] = [];
    observe((event) => void seen.push(event), verified);
    observe(undefined, verified);
    expect(seen).toEqual([verified]);
  });

  it("an observer that throws or rejects does not reach the caller", async () => {
    observe(failing, verified);
    observe((() => Promise.reject(new Error("later"))) as Observer, verified);
    await new Promise((resolve) => setTimeout(resolve, 10)); // an unhandled rejection fails the run
  });
});

describe("joinObservers()", () => {
  it("tells all, whichever fails", () => {
    const seen: string[] = [];
    const note: Observer = ({ type }) => void seen.push(type);
    joinObservers(note, failing, undefined, note)(verified);
    expect(seen).toEqual(["blob.verified", "blob.verified"]);
  });
});

describe("consoleSink()", () => {
  afterEach(() => void vi.restoreAllMocks());

  it("writes one line of JSON for each event from its level up", () => {
    const lines: string[] = [];
    const write = (level: string, line: string): void => void lines.push(`${level} ${line}`);
    for (const level of ["debug", "info", "warn"] as const) {
      const sink = consoleSink({ level, write });
      for (const event of [verified, resumed, opened]) sink(event);
    }
    expect(lines.map((line) => line.split(" ")[0])).toEqual([
      ...["debug", "info", "warn"],
      ...["info", "warn"],
      "warn",
    ]);
    expect(JSON.parse(lines[2]?.slice(5) ?? "")).toEqual(opened);
  });

  it("writes to the console by default, info and up", () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const debug = vi.spyOn(console, "debug").mockImplementation(() => {});
    const sink = consoleSink();
    sink(opened);
    sink(verified);
    expect(warn).toHaveBeenCalledWith(JSON.stringify(opened));
    expect(debug).not.toHaveBeenCalled();
  });
});
