import { describe, inject, it } from "vitest";
import { socketFetch } from "../../src/cli/socket_fetch_node.ts";
import { platformFetch } from "../../src/core/mod.ts";
import { BLOB_SIZES } from "./catalogue.ts";
import { noteLosses } from "./expect_resumed.ts";
import { boundaryCuts, corruptionCases, sampled, spreadCuts } from "./matrix.ts";
import { CUT_KINDS, kindsOfCuts, pullCut, pullSpoiled } from "./pull_case.ts";

const isFull = inject("full");
const fetch = socketFetch(platformFetch);
const note = noteLosses();

describe.each(CUT_KINDS)("1 MiB + 17 over a socket that breaks by %s", (by) => {
  it.concurrent.each(sampled(boundaryCuts(BLOB_SIZES.large), isFull))(
    "at byte %i",
    async (at) => note(await pullCut({ blob: "large", by, at, fetch })),
  );
});

describe("64 MiB + 17 over a socket", () => {
  it.each(kindsOfCuts(spreadCuts(BLOB_SIZES.huge, isFull ? 200 : 24), isFull))(
    "broken by $by at byte $at",
    async (cut) => note(await pullCut({ ...cut, blob: "huge", fetch })),
  );
});

describe("a socket to a registry that sends something else", () => {
  it.concurrent.each(sampled(corruptionCases(["small", "large"]), isFull))(
    "$title",
    async (one) => await pullSpoiled(one, fetch),
  );
});
