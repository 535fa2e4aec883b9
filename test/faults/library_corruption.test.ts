import { describe, expect, inject, it } from "vitest";
import { closeCase, openCase } from "./control.ts";
import { expectPulled } from "./expect_pulled.ts";
import { corruptionCases, doorCases, fairVerdict, sampled, TRIED_BLOBS } from "./matrix.ts";
import { pullWithLibrary } from "./pull.ts";
import { pullSpoiled } from "./pull_case.ts";

const faults = inject("faults");
const isFull = inject("full");

/** What the library may make of a door that refuses, or breaks off. */
const AT_THE_DOOR = [
  ...["SERVER_ERROR", "RESUME_FAILED", "RANGE_NOT_SATISFIABLE", "NOT_FOUND"],
  ...["DIGEST_MISMATCH", "BLOB_SIZE_MISMATCH", "NETWORK_TIMEOUT"],
];

describe("library before a registry that sends something else", () => {
  it.concurrent.each(sampled(corruptionCases(TRIED_BLOBS), isFull))("$title", async (one) => {
    await pullSpoiled(one);
  });
});

describe("library before a door whose registry sends something else", () => {
  const modes = ["plain", "middle", "broken"] as const;
  it.concurrent.each(sampled(doorCases(["small", "large"], modes), isFull))(
    "$title",
    async (one) => {
      const { blob, range, row: { host = "plain" } } = one;
      const opened = await openCase(faults, host, blob, one.faults);
      const repository = `${host}/${opened.repository}`;
      const pulled = await pullWithLibrary({
        ...{ ...opened, repository, address: faults.door, blob, range, once: true },
      });
      expectPulled(pulled, fairVerdict(one, await closeCase(faults, opened)));
      if (!pulled.complete) expect(AT_THE_DOOR).toContain(pulled.code);
    },
  );
});
