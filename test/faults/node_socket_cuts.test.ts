import { describe, expect, inject, it } from "vitest";
import { socketFetch } from "../../src/cli/socket_fetch_node.ts";
import { platformFetch } from "../../src/core/mod.ts";
import { BLOB_SIZES, type BlobName } from "./catalogue.ts";
import { closeCase, openCase } from "./control.ts";
import { expectPulled } from "./expect_pulled.ts";
import { expectResumed, noteLosses } from "./expect_resumed.ts";
import { boundaryCuts, corruptionCases, fairVerdict, sampled, spreadCuts } from "./matrix.ts";
import { pullWithLibrary } from "./pull.ts";

const faults = inject("faults");
const isFull = inject("full");
const KINDS = ["close", "reset"] as const;
const fetch = socketFetch(platformFetch);
const note = noteLosses();

async function pullCut(blob: BlobName, by: (typeof KINDS)[number], at: number): Promise<void> {
  const opened = await openCase(faults, "plain", blob, [
    { nth: 1, action: { kind: "cut", by, at } },
  ]);
  const address = faults.registries.plain;
  const pulled = await pullWithLibrary({ ...opened, address, blob, fetch });
  const seen = await closeCase(faults, opened);
  expect(pulled).toMatchObject({ complete: true, right: true, code: undefined });
  note(expectResumed(seen, at, "runtime"));
}

describe.each(KINDS)("1 MiB + 17 over a socket that breaks by %s", (by) => {
  it.concurrent.each(sampled(boundaryCuts(BLOB_SIZES.large), isFull))("at byte %i", async (at) => {
    await pullCut("large", by, at);
  });
});

describe("64 MiB + 17 over a socket", () => {
  const cuts = spreadCuts(BLOB_SIZES.huge, isFull ? 200 : 24)
    .flatMap((at, i) => (isFull ? KINDS : [KINDS[i % 2] ?? "close"]).map((by) => ({ at, by })));
  it.each(cuts)("broken by $by at byte $at", async ({ at, by }) => {
    await pullCut("huge", by, at);
  });
});

describe("a socket to a registry that sends something else", () => {
  it.concurrent.each(sampled(corruptionCases(["small", "large"]), isFull))(
    "$title",
    async (one) => {
      const { blob, mode, range, row: { host = "plain" } } = one;
      const opened = await openCase(faults, host, blob, one.faults);
      const address = faults.registries[host];
      const size = mode === "sized" ? BLOB_SIZES[blob] : undefined;
      const pulled = await pullWithLibrary({ ...opened, address, blob, range, size, fetch });
      const verdict = fairVerdict(one, await closeCase(faults, opened));
      expectPulled(pulled, verdict);
      if (pulled.complete) return;
      expect(pulled.code).not.toBe("untyped");
      if (typeof verdict !== "string") expect(verdict).toContain(pulled.code);
    },
  );
});
