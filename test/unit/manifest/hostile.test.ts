import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeUtf8 } from "../../../src/core/mod.ts";
import { parseContentType, parseManifest } from "../../../src/manifest/mod.ts";
import { descriptorJson, imageJson, indexJson } from "../../support/manifests.ts";
import { filledJson } from "../../support/json_fill.ts";
import { attempt, expectFast, MEBIBYTE, mebibyteOf } from "../../support/parser_checks.ts";
import { nearGrammar } from "../../support/wire_arbitraries.ts";

/** A sound document with one field replaced by anything, at any depth. */
const mutants = fc.tuple(
  fc.constantFrom(imageJson(), indexJson(["linux/amd64", "linux/arm64/v8"])),
  fc.array(fc.nat(30), { minLength: 1, maxLength: 4 }),
  fc.oneof(fc.jsonValue(), fc.constant(undefined), fc.constant({}), fc.constant([])),
).map(([document, path, value]) => {
  const copy = structuredClone(document) as Record<string, unknown>;
  let at: Record<string, unknown> = copy;
  for (const step of path.slice(0, -1)) {
    const keys = Object.keys(at);
    const next = at[keys[step % keys.length] ?? ""];
    if (typeof next === "object" && next !== null) at = next as Record<string, unknown>;
  }
  const keys = Object.keys(at);
  at[keys[(path.at(-1) ?? 0) % Math.max(keys.length, 1)] ?? "x"] = value;
  return JSON.stringify(copy);
});

describe("parseManifest() on hostile bytes", () => {
  it("never throws anything untyped, and accepts the same bytes again", () => {
    const texts = fc.oneof(mutants, fc.json(), nearGrammar);
    fc.assert(
      fc.property(texts, fc.option(nearGrammar), (text, contentType) => {
        const bytes = encodeUtf8(text);
        const options = { contentType: contentType ?? undefined };
        const manifest = attempt(() => parseManifest(bytes, options));
        if (manifest !== undefined) expect(parseManifest(bytes, options)).toEqual(manifest);
      }),
      { numRuns: 4000 },
    );
  });

  it("never throws anything untyped on bytes that are no text", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expect(attempt(() => parseManifest(bytes as Uint8Array<ArrayBuffer>))).toBeUndefined();
      }),
      { numRuns: 1000 },
    );
  });

  const image = JSON.stringify(imageJson()).slice(0, -1);
  const fill = (head: string, tail: string, unit: (i: number) => string): string => {
    const parts: string[] = [];
    for (let i = 0, length = head.length + tail.length; length < MEBIBYTE - 300; i++) {
      parts.push(unit(i));
      length += parts[i]?.length ?? 0;
    }
    return head + parts.join("") + tail;
  };
  const layer = JSON.stringify(descriptorJson());
  const cases: Readonly<Record<string, string>> = {
    "open brackets": mebibyteOf("["),
    "open objects": mebibyteOf('{"a":'),
    "unique keys": fill(`${image},"x":{`, '"z":1}}', (i) => `"${i.toString(36)}":1,`),
    "unique shapes": fill(`${image},"x":[`, "1]}", (i) => `{"${i.toString(36)}":1},`),
    "one key twice at the end": fill(`${image},"x":[`, '{"a":1,"a":1}]}', () => "1,"),
    "as many objects as the caps allow": filledJson(`${image},"x":[`, () => '{"a":1}', "]}", 1),
    "as many image entries as the caps allow": filledJson(
      '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[',
      () => layer,
      "]}",
      3,
    ),
    "empty objects": fill(`${image},"x":[`, "1]}", () => "{},"),
    "deep arrays": fill(`${image},"x":[`, "1]}", () => "[[[[[[[[]]]]]]]],"),
    "numbers": fill(`${image},"x":[`, "1]}", () => "1e9,"),
    "one long string": `${image},"x":"${"a".repeat(MEBIBYTE - 500)}"}`,
    "one long key": `${image},"${"a".repeat(MEBIBYTE - 500)}":1}`,
    "escaped key": `${image},"${"\\u0061".repeat(170_000)}":1}`,
    "backslashes": `${image},"x":"${"\\\\".repeat(MEBIBYTE / 2 - 500)}"}`,
    "one unclosed string": `${image},"${"a".repeat(MEBIBYTE - 500)}`,
    "spaces": `${image}${" ".repeat(MEBIBYTE - 500)}}`,
    "spaces before a size": `${image},"x":{"size"${" ".repeat(MEBIBYTE - 600)}:1}}`,
    "a long number as size": `${image},"x":{"size":${"1".repeat(MEBIBYTE - 600)}}}`,
    "many layers": fill(
      `${image.slice(0, image.lastIndexOf("["))}[`,
      `${layer}]}`,
      () => `${layer},`,
    ),
    "many annotations": fill(
      `${image},"annotations":{`,
      '"z":""}}',
      (i) => `"k${i % 4000}${i < 4000 ? "" : "x"}":"${"v".repeat(240)}",`,
    ),
    "embedded data": JSON.stringify(imageJson({
      config: descriptorJson({
        data: "A".repeat(MEBIBYTE - 1024),
        size: (MEBIBYTE - 1024) / 4 * 3,
      }),
    })),
  };

  it.each(Object.keys(cases))("reads 1 MiB of %s fast", (name) => {
    const bytes = encodeUtf8(cases[name] ?? "");
    expectFast(() => parseManifest(bytes));
    attempt(() => parseManifest(bytes));
  });
});

describe("parseContentType()", () => {
  it("never throws, and gives a fixed point", () => {
    fc.assert(
      fc.property(nearGrammar, (text) => {
        const mediaType = parseContentType(text);
        if (mediaType !== undefined) expect(parseContentType(mediaType)).toBe(mediaType);
      }),
      { numRuns: 1000 },
    );
  });

  it.each(["a", "a/", " ", ";", "a/b;", "/"])("reads 1 MiB of %j fast", (pattern) => {
    expectFast(() => parseContentType(mebibyteOf(pattern)));
  });
});
