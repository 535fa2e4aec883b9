import { describe, expect, it } from "vitest";
import type { CommandContext } from "../../../src/cli/command.ts";
import { createContext } from "../../../src/cli/context.ts";
import { eventLine } from "../../../src/cli/event_line.ts";
import type { CliHost } from "../../../src/cli/host.ts";
import { createOutput } from "../../../src/cli/output.ts";
import { showProgress } from "../../../src/cli/progress.ts";
import { progressLines } from "../../../src/cli/progress_lines.ts";
import { createTransferMeter } from "../../../src/cli/transfer_meter.ts";
import { optionValues } from "../../../src/cli/values.ts";
import type { CopyEvent } from "../../../src/copy/mod.ts";
import { blobEvent, planned } from "../../support/copy_events.ts";
import { createVirtualClock, type VirtualClock } from "../../support/virtual_clock.ts";

const MIB = 1024 * 1024;

/** A context whose output is kept as text. */
function open(mode: { json?: boolean; quiet?: boolean; isTerminal?: boolean }): {
  readonly clock: VirtualClock;
  readonly context: CommandContext;
  readonly texts: { out: string; err: string };
} {
  const texts = { out: "", err: "" };
  const clock = createVirtualClock();
  const sink = (name: "out" | "err", isTerminal: boolean) => ({
    isTerminal,
    columns: () => 100,
    write(chunk: string | Uint8Array): Promise<void> {
      texts[name] += String(chunk);
      return Promise.resolve();
    },
  });
  const output = createOutput(sink("out", false), sink("err", mode.isTerminal ?? false), {
    json: mode.json ?? false,
    quiet: mode.quiet ?? false,
  });
  const host = { clock, signal: new AbortController().signal } as unknown as CliHost;
  const options = optionValues({});
  const context = createContext({ name: "x", args: [], options, output, host, commands: [] });
  return { clock, context, texts };
}

/** The events of a copy of one blob, in 12 seconds. */
function* story(now: () => number): Generator<CopyEvent> {
  yield planned(now());
  yield blobEvent("blob.started", now());
  yield blobEvent("blob.progress", now(), { arrivedBytes: 5 * MIB });
  yield blobEvent("blob.finished", now(), { transferredBytes: 10 * MIB, milliseconds: 12_000 });
}

describe("showProgress()", () => {
  it("tells lines where there is no terminal, and now and then how far it is", async () => {
    const { clock, context, texts } = open({});
    const progress = showProgress(context);
    for (const event of story(() => clock.now())) {
      progress.onEvent(event);
      await clock.advance(12_000);
    }
    await progress.finish();
    expect(texts.out).toBe("");
    expect(texts.err).not.toContain("\u001b");
    expect(texts.err).toContain("sha256:x: 3 blobs, 20.0 MiB\n");
    expect(texts.err).toMatch(/total +25% \[#{6}\.{18}\] +5\.0 MiB \/ 20\.0 MiB/);
    expect(texts.err).toContain("layer 2/3 sha256:abababababab 10.0 MiB in 12.0 s, 853 KiB/s\n");
  });

  it("draws bars below the lines on a terminal, and takes them away", async () => {
    const { clock, context, texts } = open({ isTerminal: true });
    const progress = showProgress(context);
    for (const event of story(() => clock.now())) {
      progress.onEvent(event);
      await clock.advance(250);
    }
    const { percent } = await progress.finish();
    expect(percent).toBe(50);
    expect(texts.err).toMatch(/layer 2\/3 +sha256:abababababab \[#{12}\.{12}\]/);
    expect(texts.err.endsWith("\u001b[1A\u001b[J")).toBe(true);
  });

  it("writes every event as JSON, or nothing when quiet", async () => {
    for (const mode of [{ json: true }, { quiet: true }]) {
      const { clock, context, texts } = open(mode);
      const progress = showProgress(context);
      const events = [...story(() => clock.now())];
      events.forEach(progress.onEvent);
      await progress.finish();
      const lines = texts.out.split("\n").slice(0, -1).map((line) => JSON.parse(line));
      expect(lines).toEqual(mode.json ? events : []);
      expect(texts.err).toBe("");
    }
  });
});

describe("progressLines()", () => {
  it("has a bar for each blob up to ten, and one for all, none wider than the terminal", () => {
    const meter = createTransferMeter();
    meter.take(planned(0));
    for (let i = 0; i < 13; i++) {
      meter.take(blobEvent("blob.started", 0, { index: i, count: 13, digest: `sha256:${i}` }));
    }
    const lines = progressLines(meter.facts(1), 60);
    expect(lines).toHaveLength(12);
    expect(lines[10]).toBe("… and 3 more");
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(60);
  });
});

describe("eventLine()", () => {
  const image = { at: 1, source: "a/b:v1", destination: "c/b:v1", transferredBytes: 0 };
  const cases: readonly (readonly [CopyEvent, string | undefined])[] = [
    [blobEvent("blob.mounted", 1), "layer 2/3 sha256:abababababab 10.0 MiB mounted"],
    [
      blobEvent("blob.skipped", 1, { reason: "exists" }),
      "layer 2/3 sha256:abababababab 10.0 MiB is there",
    ],
    [
      blobEvent("blob.skipped", 1, { reason: "foreign" }),
      "layer 2/3 sha256:abababababab 10.0 MiB lives elsewhere, not copied",
    ],
    [
      blobEvent("blob.resumed", 1, { arrivedBytes: MIB }),
      "layer 2/3 sha256:abababababab continues at 1.0 MiB of 10.0 MiB",
    ],
    [blobEvent("blob.started", 1), undefined],
    [
      { type: "copy.healing", at: 1, copy: 1, digest: "sha256:ab", missing: [] },
      "The destination lacks parts of sha256:ab: they are pushed again",
    ],
    [
      { type: "sync.waiting", at: 1, image: "a/b:v1", milliseconds: 90_000 },
      "a/b:v1: waiting 1m30s for the rate limit",
    ],
    [
      { type: "sync.image", ...image, outcome: "failed", message: "It broke" },
      "a/b:v1 was not copied to c/b:v1: It broke",
    ],
    [
      { type: "sync.image", ...image, outcome: "doomed" },
      "a/b:v1 is gone, would be deleted: c/b:v1",
    ],
    [
      { type: "sync.listed", at: 1, source: "a/b", destination: "c/b", tags: 3, chosen: 2 },
      "a/b: 2 of 3 tags, to c/b",
    ],
  ];

  it.each(cases)("%o", (event, line) => expect(eventLine(event)).toBe(line));
});
