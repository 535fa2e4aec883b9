import { describe, inject, it } from "vitest";
import { BLOB_SIZES } from "./catalogue.ts";
import { noteLosses } from "./expect_resumed.ts";
import { boundaryCuts, sampled, spreadCuts } from "./matrix.ts";
import { CUT_KINDS, kindsOfCuts, pullCut } from "./pull_case.ts";

const isFull = inject("full");
const WAYS = ["registry", "door"] as const;
const note = noteLosses();

describe.each(WAYS)("1 MiB + 17 from a %s whose upstream breaks", (way) => {
  describe.each(CUT_KINDS)("by %s", (by) => {
    it.concurrent.each(sampled(boundaryCuts(BLOB_SIZES.large), isFull))(
      "at byte %i",
      async (at) => note(await pullCut({ way, blob: "large", by, at })),
    );
  });
});

describe.each(isFull ? WAYS : ["registry"] as const)("64 MiB + 17 from a %s", (way) => {
  it.each(kindsOfCuts(spreadCuts(BLOB_SIZES.huge, isFull ? 200 : 24), isFull))(
    "broken by $by at byte $at",
    async (cut) => note(await pullCut({ ...cut, way, blob: "huge" })),
  );
});
