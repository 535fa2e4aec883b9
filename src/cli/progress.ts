import type { CopyEvent } from "../copy/mod.ts";
import type { CommandContext } from "./command.ts";
import { eventLine } from "./event_line.ts";
import type { Output } from "./output.ts";
import { progressLines, totalLine } from "./progress_lines.ts";
import { createTransferMeter, type TransferFacts, type TransferMeter } from "./transfer_meter.ts";

/** Shows copies while they run. */
export interface Progress {
  readonly onEvent: (event: CopyEvent) => void;
  /** Take away what is drawn, and write what waits. */
  finish(): Promise<TransferFacts>;
}

/** Which lines are told of a copy, and of a sync: there its blobs are too many. */
export type ProgressDetail = "blobs" | "images";

const REDRAW_MS = 100;
/** How often a line tells how far it is, where nothing can be drawn. */
const REPORT_MS = 10_000;

/**
 * Show events in the way that the command line asks for: as JSON lines on standard output, as bars
 * on a terminal, as lines elsewhere, or not at all.
 */
export function showProgress(
  { clock, output }: CommandContext,
  detail: ProgressDetail = "blobs",
): Progress {
  const meter = createTransferMeter();
  const show = output.mode.json
    ? jsonProgress(output)
    : output.mode.quiet
    ? { take(): void {}, end: () => Promise.resolve() }
    : textProgress(output, meter, clock, detail);
  return {
    onEvent(event): void {
      meter.take(event);
      show.take(event);
    },
    async finish(): Promise<TransferFacts> {
      await show.end();
      return meter.facts(clock.now());
    },
  };
}

interface Show {
  take(event: CopyEvent): void;
  end(): Promise<void>;
}

function jsonProgress(output: Output): Show {
  let written: Promise<void> = Promise.resolve();
  return {
    take(event): void {
      written = written.then(() => output.json(event)).catch(() => {});
    },
    end: () => written,
  };
}

function textProgress(
  output: Output,
  meter: TransferMeter,
  clock: CommandContext["clock"],
  detail: ProgressDetail,
): Show {
  const canvas = output.isTerminal ? createCanvas(output, meter, clock) : undefined;
  let reportedAt = clock.now();
  return {
    take(event): void {
      canvas?.start();
      const line = isTold(event, detail) ? eventLine(event) : undefined;
      if (line !== undefined) output.note(line);
      const now = clock.now();
      if (canvas === undefined && event.type === "blob.progress" && now - reportedAt >= REPORT_MS) {
        reportedAt = now;
        output.note(totalLine(meter.facts(now)));
      }
    },
    async end(): Promise<void> {
      canvas?.stop();
      await output.flush();
    },
  };
}

function isTold(event: CopyEvent, detail: ProgressDetail): boolean {
  return detail === "blobs" || event.type.startsWith("sync.") || event.type === "copy.healing";
}

interface Canvas {
  start(): void;
  stop(): void;
}

/** Bars below everything else, drawn anew ten times a second. */
function createCanvas(
  output: Output,
  meter: TransferMeter,
  clock: CommandContext["clock"],
): Canvas {
  let drawn = 0;
  let cancel: (() => void) | undefined;
  const erase = (): string => {
    const text = drawn === 0 ? "" : `\u001b[${drawn}A\u001b[J`;
    drawn = 0;
    return text;
  };
  const draw = (): string => {
    const lines = progressLines(meter.facts(clock.now()), output.columns());
    drawn = lines.length;
    return `${lines.join("\n")}\n`;
  };
  const redraw = (): void => {
    output.draw(erase() + draw());
    cancel = clock.after(REDRAW_MS, redraw);
  };
  return {
    start(): void {
      if (cancel !== undefined) return;
      output.overlay({ erase, draw });
      redraw();
    },
    stop(): void {
      cancel?.();
      cancel = undefined;
      output.draw(erase());
      output.overlay(undefined);
    },
  };
}
