import { describe, expect, inject, it } from "vitest";
import { closeCase, openCase } from "./control.ts";
import { copyWithSkopeo } from "./http_clients_node.ts";
import { corruptionCases, fairVerdict } from "./matrix.ts";

const faults = inject("faults");

const CASES = corruptionCases(["small", "large"], ["plain", "broken"])
  .filter(({ blob, mode }) => blob !== "small" || mode !== "plain");

describe("skopeo at a door whose registry sends something else", () => {
  it.concurrent.each(CASES)("$title", async (one) => {
    const { blob, mode, row } = one;
    const host = row.host ?? "plain";
    if (host === "odd" && mode !== "plain") return; // each waits 30 s for headers
    const opened = await openCase(faults, host, blob, one.faults);
    const repository = `${host}/${opened.repository}`;
    const copied = await copyWithSkopeo({ ...opened, repository, address: faults.door });
    const verdict = fairVerdict(one, await closeCase(faults, opened));
    const isWhole = copied.status === 0;
    expect(copied.manifest).toBe(isWhole);
    expect([undefined, opened.digest]).toContain(copied.layer);
    if (verdict === "right") expect(copied).toMatchObject({ status: 0, layer: opened.digest });
    if (typeof verdict !== "string") {
      expect(copied).toMatchObject({ layer: undefined, manifest: false });
      expect(copied.status).not.toBe(0);
    }
  });
});
