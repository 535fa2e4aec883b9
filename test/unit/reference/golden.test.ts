import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { tryParseReference } from "../../../src/reference/mod.ts";

/** `[input]` where Go's distribution/reference refuses, else `[input, registry, repository, tag, digest]`. */
function readGolden(): string[][] {
  const path = new URL("../../vectors/reference_golden.jsonl.gz", import.meta.url);
  const lines = gunzipSync(readFileSync(path)).toString("utf8").trim().split("\n");
  return lines.map((line) => JSON.parse(line) as string[]);
}

it("parseReference() agrees with distribution/reference v0.6.0 on 12,000 strings", () => {
  const golden = readGolden();
  const differences = golden.filter((row) => {
    const ours = tryParseReference(row[0] ?? "");
    const mine = ours === undefined
      ? [row[0]]
      : [row[0], ours.registry, ours.repository, ours.tag ?? "", ours.digest ?? ""];
    return JSON.stringify(mine) !== JSON.stringify(row);
  });
  expect(golden.length).toBe(12_000);
  expect(differences).toEqual([]);
});
