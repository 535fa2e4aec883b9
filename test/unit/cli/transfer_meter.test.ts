import { describe, expect, it } from "vitest";
import { createTransferMeter } from "../../../src/cli/transfer_meter.ts";
import { blobEvent, planned } from "../../support/copy_events.ts";

const MIB = 1024 * 1024;

describe("createTransferMeter()", () => {
  it("nothing has happened", () => {
    expect(createTransferMeter().facts(5)).toMatchObject({
      startedAt: undefined,
      percent: 0,
      etaMs: undefined,
    });
  });

  it("rate and rest are those of the last seconds", () => {
    const meter = createTransferMeter();
    meter.take(planned(0));
    meter.take(blobEvent("blob.started", 0));
    meter.take(blobEvent("blob.progress", 1000, { arrivedBytes: 2 * MIB }));
    const facts = meter.facts(1000);
    expect(facts).toMatchObject({ percent: 10, bytesPerSecond: 2 * MIB, etaMs: 9000 });
    expect(facts.active).toMatchObject([{ kind: "layer", number: 2, count: 3, size: 10 * MIB }]);
    meter.take(blobEvent("blob.progress", 60_000, { arrivedBytes: 3 * MIB }));
    expect(meter.facts(61_000).bytesPerSecond).toBeLessThan(MIB / 50);
  });

  it("what an earlier run moved is there, but not moved", () => {
    const meter = createTransferMeter();
    meter.take(planned(0));
    meter.take(blobEvent("blob.resumed", 0, { arrivedBytes: 6 * MIB }));
    meter.take(blobEvent("blob.progress", 1000, { arrivedBytes: 7 * MIB }));
    expect(meter.facts(1000)).toMatchObject({
      arrivedBytes: 7 * MIB,
      transferredBytes: MIB,
      bytesPerSecond: MIB,
    });
    meter.take(blobEvent("blob.finished", 2000, { transferredBytes: 4 * MIB, milliseconds: 2000 }));
    expect(meter.facts(2000)).toMatchObject({
      arrivedBytes: 10 * MIB,
      transferredBytes: 4 * MIB,
      blobsDone: 1,
      active: [],
    });
  });

  it("what is mounted or there counts as done", () => {
    const meter = createTransferMeter();
    meter.take(planned(0));
    meter.take(blobEvent("blob.skipped", 1, { reason: "exists" }));
    meter.take(blobEvent("blob.mounted", 1, { digest: "sha256:cd" }));
    expect(meter.facts(2)).toMatchObject({ percent: 100, transferredBytes: 0, blobsDone: 2 });
  });

  it("counts the images of a sync", () => {
    const meter = createTransferMeter();
    const common = { at: 0, source: "a", destination: "b" };
    meter.take({ type: "sync.listed", ...common, tags: 9, chosen: 4 });
    meter.take({ type: "sync.image", ...common, outcome: "copied", transferredBytes: 1 });
    expect(meter.facts(1)).toMatchObject({ images: 4, imagesDone: 1 });
  });
});
