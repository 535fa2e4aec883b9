import { describe, expect, inject, it } from "vitest";
import { BLOB_SIZES, type BlobName } from "./catalogue.ts";
import { closeCase, openCase } from "./control.ts";
import { expectResumed, noteLosses } from "./expect_resumed.ts";
import { boundaryCuts, sampled, spreadCuts } from "./matrix.ts";
import { pullWithLibrary } from "./pull.ts";

const faults = inject("faults");
const isFull = inject("full");
const KINDS = ["close", "reset"] as const;
const WAYS = ["registry", "door"] as const;
const note = noteLosses();

/** One cut of the registry's first answer; whoever reads it has to go on. */
async function pullCut(
  way: (typeof WAYS)[number],
  blob: BlobName,
  by: (typeof KINDS)[number],
  at: number,
): Promise<void> {
  const cut = { nth: 1, action: { kind: "cut", by, at } } as const;
  const opened = await openCase(faults, "plain", blob, [cut]);
  const target = way === "door"
    ? { address: faults.door, repository: `plain/${opened.repository}` }
    : { address: faults.registries.plain };
  const pulled = await pullWithLibrary({ ...opened, ...target, blob });
  const seen = await closeCase(faults, opened);
  expect(pulled).toMatchObject({ complete: true, right: true, code: undefined });
  note(expectResumed(seen, at, way === "door" ? "door" : "runtime"));
}

describe.each(WAYS)("1 MiB + 17 from a %s whose upstream breaks", (way) => {
  describe.each(KINDS)("by %s", (by) => {
    it.concurrent.each(sampled(boundaryCuts(BLOB_SIZES.large), isFull))(
      "at byte %i",
      async (at) => {
        await pullCut(way, "large", by, at);
      },
    );
  });
});

describe.each(isFull ? WAYS : ["registry"] as const)("64 MiB + 17 from a %s", (way) => {
  const cuts = spreadCuts(BLOB_SIZES.huge, isFull ? 200 : 24)
    .flatMap((at, i) => (isFull ? KINDS : [KINDS[i % 2] ?? "close"]).map((by) => ({ at, by })));
  it.each(cuts)("broken by $by at byte $at", async ({ at, by }) => {
    await pullCut(way, "huge", by, at);
  });
});
