import { describe, expect, inject, it } from "vitest";
import { BLOB_SIZES, type BlobName } from "./catalogue.ts";
import { closeCase, openCase } from "./control.ts";
import { expectResumed, noteLosses } from "./expect_resumed.ts";
import { pullWithCurl } from "./http_clients_node.ts";
import { boundaryCuts, spreadCuts } from "./matrix.ts";

const faults = inject("faults");
const isFull = inject("full");
const KINDS = ["close", "reset"] as const;
const note = noteLosses();

async function curlCut(blob: BlobName, by: (typeof KINDS)[number], at: number): Promise<void> {
  const cut = { nth: 1, action: { kind: "cut", by, at } } as const;
  const opened = await openCase(faults, "plain", blob, [cut]);
  const repository = `plain/${opened.repository}`;
  const pulled = await pullWithCurl({ ...opened, repository, address: faults.door, blob });
  const seen = await closeCase(faults, opened);
  expect(pulled).toMatchObject({ complete: true, right: true, promised: BLOB_SIZES[blob] });
  note(expectResumed(seen, at, "door"));
}

describe.each(KINDS)("curl at a door whose upstream breaks by %s", (by) => {
  it.concurrent.each(boundaryCuts(BLOB_SIZES.large))("1 MiB + 17, at byte %i", async (at) => {
    await curlCut("large", by, at);
  });

  const cuts = spreadCuts(BLOB_SIZES.huge, isFull ? 200 : 24);
  const mine = cuts.filter((_, i) => isFull || KINDS[i % 2] === by);
  it.each(mine)("64 MiB + 17, at byte %i", async (at) => {
    await curlCut("huge", by, at);
  });
});
