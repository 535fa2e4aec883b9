import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  AmbiguousJsonError,
  encodeUtf8,
  type Json,
  MAX_JSON_DISTINCT_KEYS,
  MAX_JSON_IRREGULAR_KEYS,
  MAX_JSON_NODES,
  parseJson,
} from "../../../src/core/mod.ts";
import { attempt, expectFast, MEBIBYTE, mebibyteOf } from "../../support/parser_checks.ts";
import { readJson } from "../../support/json_oracle.ts";
import { nearGrammar } from "../../support/wire_arbitraries.ts";

const isSyntaxError = (error: unknown): boolean => error instanceof SyntaxError;
const integers = new Set(["size"]);

/** What makes V8 read another key than `written`, after the same first one (nodejs/node#63785). */
function poisonFor(first: string, written: string, name: string): string {
  return `{"${first}":[],${JSON.stringify(written.slice(1, 1 + name.length))}:0}`;
}

function errorOf(text: string): string {
  try {
    JSON.parse(text);
  } catch (error) {
    return String((error as Error).message);
  }
  throw new Error(`${text} is JSON`);
}

describe("parseJson()", () => {
  it("reads text and bytes as JSON.parse does", () => {
    for (
      const text of ["null", "1.5e3", '"a\\u0062"', "[]", '{"a":[1,{"b":null}],"":{}}', " {} "]
    ) {
      expect(parseJson(text)).toEqual(JSON.parse(text));
      expect(parseJson(encodeUtf8(text))).toEqual(JSON.parse(text));
    }
  });

  it.each([
    "",
    "{",
    "[1,]",
    "{,}",
    '{"a"}',
    "{a:1}",
    "'a'",
    "nul",
    "1 2",
    '"a',
    '"\\',
    '"a\nb"',
    "]",
    "}",
    "[}",
    '{"a":1]',
    "\ufeff1",
    "// x\n1",
    "NaN",
    "-",
    "01",
    '{"a":1,,"b":2}',
  ])(
    "refuses %j",
    (text) => {
      expect(() => parseJson(text)).toThrow(SyntaxError);
    },
  );

  it("refuses bytes that are no UTF-8, and a byte order mark", () => {
    expect(() => parseJson(Uint8Array.of(0x22, 0xff, 0x22))).toThrow("JSON is not UTF-8");
    expect(() => parseJson(Uint8Array.of(0xef, 0xbb, 0xbf, 0x31))).toThrow(SyntaxError);
  });

  it.each([
    '{"a":1,"a":1}',
    '{"a":1,"b":2,"a":3}',
    '{"a":{"a":1},"a":2}',
    '{"a":1,"\\u0061":2}',
    '[{"x":[{"a":1,"a":1}]}]',
    '{"":1,"":2}',
    '{"__proto__":1,"__proto__":2}',
    '{"a":[{}],"a":1}',
    '{"a\\"":1,"a\\"":2}',
    '{"b":{"c":1},"a":{"c":1},"b":1}',
  ])("refuses a key twice: %s", (text) => {
    expect(() => parseJson(text)).toThrow(AmbiguousJsonError);
    expect(() => parseJson(text)).toThrow("JSON has a key twice at ");
  });

  it.each([
    '{"a":{"a":{"a":1}}}',
    '[{"a":1},{"a":1}]',
    '{"a":"a","b":["a","a"]}',
    '{"a":1,"A":2}',
    '{"a":{"x":1},"b":{"x":1}}',
    '{"a\\\\":1,"a":2}',
    '{"a":",\\"a\\":1"}',
  ])("accepts the same key in different objects: %s", (text) => {
    expect(parseJson(text)).toEqual(JSON.parse(text));
  });

  it("caps depth before anything recurses", () => {
    const nested = (depth: number): string => `${"[".repeat(depth)}${"]".repeat(depth)}`;
    expect(parseJson(nested(64))).toBeDefined();
    expect(() => parseJson(nested(65))).toThrow("JSON nests deeper than 64 at 64");
    expect(() => parseJson(nested(3), 2)).toThrow("deeper than 2");
    expect(() => parseJson("[".repeat(1_000_000))).toThrow("deeper than 64");
  });

  it("caps keys, different keys, objects and arrays", () => {
    const keys = (n: number): string =>
      `{${Array.from({ length: n }, (_, i) => `"k${i}":0`).join(",")}}`;
    expect(parseJson(keys(MAX_JSON_DISTINCT_KEYS))).toBeDefined();
    expect(() => parseJson(keys(MAX_JSON_DISTINCT_KEYS + 1))).toThrow(
      `${MAX_JSON_DISTINCT_KEYS} different keys`,
    );
    const objects = (n: number, object: string): string => `[${Array(n).fill(object).join(",")}]`;
    expect(parseJson(objects(MAX_JSON_NODES - 1, "{}"))).toBeDefined();
    expect(() => parseJson(objects(MAX_JSON_NODES, "{}"))).toThrow(
      `${MAX_JSON_NODES} objects and arrays`,
    );
    const pair = '{"a":0,"b":0}';
    expect(parseJson(objects(MAX_JSON_NODES / 2, pair))).toBeDefined();
    expect(() => parseJson(objects(MAX_JSON_NODES / 2 + 1, pair))).toThrow(
      `${MAX_JSON_NODES} keys`,
    );
  });

  it("caps keys that are not those of the object before", () => {
    const objects = (n: number): string =>
      `[${
        Array.from({ length: n }, (_, i) => i % 2 === 0 ? '{"a":0}' : '{"b":0,"c":1}').join(",")
      }]`;
    // in every other object the second key is no surprise
    expect(parseJson(objects(MAX_JSON_IRREGULAR_KEYS - 1))).toBeDefined();
    expect(() => parseJson(objects(MAX_JSON_IRREGULAR_KEYS + 1))).toThrow(
      `${MAX_JSON_IRREGULAR_KEYS} irregular keys`,
    );
    const escaped = (n: number): string => `[${Array(n).fill('{"\\u0061":0}').join(",")}]`;
    expect(parseJson(escaped(MAX_JSON_IRREGULAR_KEYS - 1))).toContainEqual({ a: 0 });
    expect(() => parseJson(escaped(MAX_JSON_IRREGULAR_KEYS))).toThrow("irregular keys");
  });

  it("reads a list of 4000 descriptors", () => {
    const descriptor = {
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      digest: `sha256:${"a".repeat(64)}`,
      size: 1234,
      annotations: { "org.example": "" },
      platform: { architecture: "amd64", os: "linux" },
    };
    const list = Array.from({ length: 4000 }, (_, size) => ({ ...descriptor, size }));
    expect(parseJson(JSON.stringify(list))).toEqual(list);
  });

  it.each(["1e3", "1.0", "-0", "1E3", "0.5", "1e-2", "-1.5"])(
    "refuses %s where a whole number must be written",
    (number) => {
      for (const text of [`{"size":${number}}`, `{"s\\u0069ze" :\n ${number} }`]) {
        expect(() => parseJson(text, 64, integers)).toThrow(AmbiguousJsonError);
        expect(parseJson(text)).toEqual({ size: Number(number) });
        expect(parseJson(`{"a":${text}}`.replace(/s.*ze/, "other"), 64, integers)).toBeDefined();
      }
    },
  );

  it.each(["0", "-1", "10", "18446744073709551616", '"1e3"', "null", "[1e3]", "true"])(
    "accepts %s there",
    (value) => {
      const text = `{"size":${value}}`;
      expect(parseJson(text, 64, integers)).toEqual(JSON.parse(text));
    },
  );

  it.each([
    ['"\\u0061"', "a"],
    ['"\\""', '"'],
    ['"m\\u0061nifests"', "manifests"],
    ['"\\u005f_proto__"', "__proto__"],
    ['"\\u007e0"', "~0"],
    ['"~0"', "~0"],
  ])("reads the key %s as it is written, whatever was read before it", (written, name) => {
    const first = `what stands before ${written.slice(1, -1).replaceAll(/\W/g, "-")}`;
    JSON.parse(poisonFor(first, written, name));
    const read = parseJson(`{"${first}":1,${written}:{${written}:[{${written}:2}]}}`);
    const key = JSON.stringify(name);
    expect(JSON.stringify(read)).toBe(`{"${first}":1,${key}:{${key}:[{${key}:2}]}}`);
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
  });

  it("agrees with a slow reader on keys with escapes, whatever was read before them", () => {
    let run = 0;
    const unit = fc.constantFrom(
      "a",
      "\\\\",
      '\\"',
      "\\n",
      "\\u0061",
      "\\u006e",
      "u0061",
      "~",
      "0",
    );
    const keys = fc.uniqueArray(fc.string({ unit, maxLength: 3 }), { maxLength: 5, minLength: 1 });
    fc.assert(
      fc.property(keys, fc.boolean(), (keys, isDeep) => {
        const first = `run ${run++}`;
        const last = `"${keys.at(-1)}"`;
        JSON.parse(poisonFor(first, last, JSON.parse(last)));
        const fields = keys.map((key) => `"${key}":${isDeep ? `{"${key}":[]}` : 0}`);
        const text = `{"${first}":1,${fields.reverse().join(",")}}`;
        const value = attempt(() => parseJson(text), isSyntaxError);
        if (value !== undefined) {
          expect(JSON.stringify(value)).toBe(JSON.stringify(readJson(text)));
        }
      }),
      { numRuns: 3000 },
    );
  });

  it("says where the fault is in what was written", () => {
    expect(() => parseJson('{"\\u0061":1,}')).toThrow(errorOf('{"\\u0061":1,}'));
    expect(() => parseJson('{"\\u0061\\u0061":x}')).toThrow(errorOf('{"\\u0061\\u0061":x}'));
  });

  it("agrees with JSON.parse on whatever JSON.stringify writes", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        expect(JSON.stringify(parseJson(text))).toBe(text);
      }),
      { numRuns: 1000 },
    );
  });

  it("throws nothing but SyntaxError, and accepts nothing that JSON.parse refuses", () => {
    const near = fc.string({ unit: fc.constantFrom(...'{}[],:"\\ab01eE-. \n\tu') });
    fc.assert(
      fc.property(fc.oneof(near, nearGrammar, fc.json()), (text) => {
        const value = attempt(() => parseJson(text, 64, integers), isSyntaxError) as
          | Json
          | undefined;
        if (value !== undefined) expect(value).toEqual(readJson(text));
      }),
      { numRuns: 5000 },
    );
  });

  it("refuses exactly the objects that lose a key in JSON.parse", () => {
    const keys = fc.array(fc.constantFrom('"a"', '"b"', '"\\u0061"', '"__proto__"', '"c\\""'), {
      maxLength: 5,
    });
    fc.assert(
      fc.property(keys, (keys) => {
        const text = `{${keys.map((key) => `${key}:0`).join(",")}}`;
        const isAmbiguous = new Set(keys.map((key) => JSON.parse(key))).size < keys.length;
        expect(attempt(() => parseJson(text), isSyntaxError) === undefined).toBe(isAmbiguous);
      }),
      { numRuns: 1000 },
    );
  });

  const repeat = (unit: (i: number) => string, most = Infinity): string => {
    const units: string[] = [];
    for (let i = 0, length = 0; length < MEBIBYTE - 64 && i < most; i++) {
      units.push(unit(i));
      length += units[i]?.length ?? 0;
    }
    return `[${units.join("")}1${" ".repeat(Math.max(0, MEBIBYTE - units.join("").length - 64))}]`;
  };
  const half = MAX_JSON_IRREGULAR_KEYS / 2 - 2;
  const id = (i: number, n: number): string => ((i * 7919) % n).toString(36);
  const cases: Readonly<Record<string, string>> = {
    "brackets": mebibyteOf("["),
    "objects in objects": mebibyteOf('{"a":'),
    "new keys": repeat((i) => `{"${i.toString(36)}":1},`),
    "most pairs of keys that the caps allow": repeat(
      (i) => `{"${id(i, 2039)}x":1,"${id(i * 31, 2029)}y":1},`,
      half,
    ),
    "most nested pairs that the caps allow": repeat(
      (i) => `{"${id(i, 2039)}x":{"${id(i * 31, 2029)}y":1}},`,
      half,
    ),
    "irregular objects, then regular ones": repeat(
      (i) => i < half ? `{"${id(i, 2039)}x":1,"${id(i * 31, 2029)}y":1},` : '{"x":1,"y":2},',
      MAX_JSON_NODES / 2 - 2,
    ),
    "many keys with objects of one other key each": repeat(
      () =>
        `{${
          Array.from({ length: 1000 }, (_, i) => `"${i}":{"${id(i * 7, 2039)}x":1}`).join(",")
        }},`,
      MAX_JSON_NODES / 2000 - 1,
    ),
    "objects of two shapes in turn": repeat(
      (i) => i % 2 === 0 ? '{"a":1,"b":{"c":1}},' : '{"a":{"c":1,"d":2}},',
      MAX_JSON_IRREGULAR_KEYS - 2,
    ),
    "as many objects as the caps allow": repeat(() => '{"a":1},', MAX_JSON_NODES - 2),
    "empty arrays": repeat(() => "[],"),
    "deep arrays": repeat(() => "[[[[[[[[]]]]]]]],"),
    "numbers": repeat(() => "1,"),
    "large numbers": repeat(() => "1.5e300,"),
    "one number": mebibyteOf("1"),
    "strings": repeat(() => '"a",'),
    "one string": `"${mebibyteOf("a")}"`,
    "one string of escapes": `"${"\\u0061".repeat(170_000)}"`,
    "one string of backslashes": `"${mebibyteOf("\\\\")}"`,
    "one string of quotes": `"${mebibyteOf('\\"')}"`,
    "as many irregular keys with escapes as the caps allow": repeat(
      (i) =>
        i < half / 2 ? `{"\\u0061${id(i, 2039)}x":1,"~${id(i * 31, 2029)}y":1},` : '{"x":1,"y":2},',
      MAX_JSON_NODES / 2 - 2,
    ),
    "one key with an escape, then others": repeat(
      (i) => i === 0 ? '{"\\u0061":1},' : '{"a":{"b":1,"c":1}},',
      MAX_JSON_NODES / 3 - 2,
    ),
    "one key with an escape, then numbers": repeat((i) => i === 0 ? '{"\\u0061":1},' : "1,"),
    "one key of escapes": `{"${"\\u0061".repeat(170_000)}":1}`,
    "quotes": mebibyteOf('"'),
    "spaces": mebibyteOf(" "),
    "sizes": repeat(() => '{"size":1},', MAX_JSON_NODES - 2),
    "spaces before a size": `{"size"${mebibyteOf(" ")}:1}`,
    "a size of many digits": `{"size":${mebibyteOf("1")}}`,
  };

  it.each(Object.keys(cases))("reads 1 MiB of %s fast", (name) => {
    const bytes = encodeUtf8(cases[name] ?? "");
    expectFast(() => parseJson(bytes, 64, integers));
  });
});
