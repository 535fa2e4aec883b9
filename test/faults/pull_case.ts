import { expect, inject } from "vitest";
import { BLOB_SIZES } from "./catalogue.ts";
import { closeCase, openCase } from "./control.ts";
import { expectPulled } from "./expect_pulled.ts";
import { expectResumed, type Resumed } from "./expect_resumed.ts";
import { type CorruptionCase, fairVerdict } from "./matrix.ts";
import { type PullTask, pullWithLibrary } from "./pull.ts";

/** The kinds in which a connection ends early. */
export const CUT_KINDS = ["close", "reset"] as const;

/** A pull whose registry breaks its first answer off. */
export interface CutPull extends Pick<PullTask, "blob" | "fetch"> {
  /** From where. Default is the registry. */
  readonly way?: "registry" | "door";
  readonly by: (typeof CUT_KINDS)[number];
  /** Offset of the first byte that does not come. */
  readonly at: number;
}

/** Pull, and hold it against the promise: whoever reads what breaks goes on where it broke. */
export async function pullCut({ way, by, at, ...task }: CutPull): Promise<Resumed> {
  const faults = inject("faults");
  const cut = { nth: 1, action: { kind: "cut", by, at } } as const;
  const opened = await openCase(faults, "plain", task.blob, [cut]);
  const target = way === "door"
    ? { address: faults.door, repository: `plain/${opened.repository}` }
    : { address: faults.registries.plain };
  const pulled = await pullWithLibrary({ ...opened, ...target, ...task });
  const seen = await closeCase(faults, opened);
  expect(pulled).toMatchObject({ complete: true, right: true, code: undefined });
  return expectResumed(seen, at, way === "door" ? "door" : "runtime");
}

/** Places of cuts with the kinds of them: all in full, else one kind for each in turn. */
export function kindsOfCuts(
  cuts: readonly number[],
  isFull: boolean,
): readonly Pick<CutPull, "by" | "at">[] {
  return cuts.flatMap((at, i) =>
    (isFull ? CUT_KINDS : [CUT_KINDS[i % 2] ?? "close"]).map((by) => ({ at, by }))
  );
}

/** Pull from a registry that sends something else, and hold it against the verdict. */
export async function pullSpoiled(
  one: CorruptionCase,
  fetch?: PullTask["fetch"],
): Promise<void> {
  const faults = inject("faults");
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
}
