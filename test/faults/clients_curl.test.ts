import { describe, expect, inject, it } from "vitest";
import { BLOB_SIZES } from "./catalogue.ts";
import { closeCase, openCase } from "./control.ts";
import { expectPulled } from "./expect_pulled.ts";
import { pullWithCurl } from "./http_clients_node.ts";
import { doorCases, fairVerdict, TRIED_BLOBS } from "./matrix.ts";

const faults = inject("faults");

/** Status and code of every refusal that a broken upstream may lead to. */
const REFUSALS = [
  "502 UNKNOWN", // failed verification
  "502 UNAVAILABLE", // could not be reached, or not understood
  "502 MANIFEST_INVALID",
  "503 UNAVAILABLE", // its circuit is open
  "504 UNAVAILABLE",
  "404 BLOB_UNKNOWN",
  "416 RANGE_INVALID",
];

describe("curl at a door whose registry sends something else", () => {
  const modes = ["plain", "middle", "tail", "broken", "broken middle"] as const;
  it.concurrent.each(doorCases(TRIED_BLOBS, modes))("$title", async (one) => {
    const { blob, mode, range, row: { host = "plain" } } = one;
    const opened = await openCase(faults, host, blob, one.faults);
    const repository = `${host}/${opened.repository}`;
    const pulled = await pullWithCurl({
      ...{ ...opened, repository, address: faults.door, blob, range },
    });
    const verdict = fairVerdict(one, await closeCase(faults, opened));
    // a door that is not told the length answers an open range with the whole
    expectPulled(pulled, mode === "tail" && one.row.tail ? "either" : verdict);
    if (pulled.complete) {
      const { start = 0, end = BLOB_SIZES[blob] - 1 } = range ?? {};
      const told = `bytes ${start}-${end}/${BLOB_SIZES[blob]}`;
      expect(pulled.contentRange).toBe(pulled.status === 206 ? told : undefined);
    } else if (pulled.status >= 400) {
      expect(REFUSALS).toContain(`${pulled.status} ${pulled.refusal}`);
    } else {
      // 18: partial file; 52: not even a head, as all that came was held back; 56: failure in receiving
      expect([18, 52, 56]).toContain(pulled.exit);
      if (pulled.exit === 52) expect(pulled.shown).toBe(0);
    }
  });
});
