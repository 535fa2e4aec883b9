import { describe, expect, inject, it } from "vitest";
import { closeCase, openCase } from "./control.ts";
import { copyWithSkopeo } from "./http_clients_node.ts";
import { doorCases, fairVerdict } from "./matrix.ts";

const faults = inject("faults");

const CASES = doorCases(["small", "large"], ["plain", "broken"])
  .filter(({ blob, mode }) => blob !== "small" || mode !== "plain"); // and so none of "odd"

describe("skopeo at a door whose registry sends something else", () => {
  it.concurrent.each(CASES)("$title", async (one) => {
    const { blob, row } = one;
    const host = row.host ?? "plain";
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
