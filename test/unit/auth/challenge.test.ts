import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Challenge, formatChallenges, parseChallenges } from "../../../src/auth/mod.ts";
import { isTidegateError } from "../../../src/core/mod.ts";
import { attempt, expectFast, mebibyteOf } from "../../support/parser_checks.ts";

type Plain = readonly [scheme: string, parameters: Record<string, string> | string];

/** The challenges as data that reads well in a table. */
function plain(header: string): Plain[] {
  return parseChallenges(header).map(({ scheme, parameters, token68 }) => [
    scheme,
    token68 ?? Object.fromEntries(parameters),
  ]);
}

const HUB = {
  realm: "https://auth.docker.io/token",
  service: "registry.docker.io",
  scope: "repository:samalba/my-app:pull,push",
};

const GOOD: readonly (readonly [what: string, header: string, expected: readonly Plain[]])[] = [
  ["nothing", "", []],
  ["commas and blanks alone", " , ,\t,", []],
  [
    "Docker Hub",
    'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:samalba/my-app:pull,push"',
    [["bearer", HUB]],
  ],
  ["a scheme alone", "Negotiate", [["negotiate", {}]]],
  ["a scheme alone with a blank after it", "Negotiate ", [["negotiate", {}]]],
  ["a token68", "Negotiate YII+/-._~==", [["negotiate", "YII+/-._~=="]]],
  ["Negotiate first", 'Negotiate, Basic realm="x"', [["negotiate", {}], ["basic", { realm: "x" }]]],
  [
    "a token68 before another challenge",
    'Negotiate abc=, Basic realm="x"',
    [["negotiate", "abc="], ["basic", { realm: "x" }]],
  ],
  [
    "two challenges in one header",
    'Basic realm="a", Bearer realm="b",service=c',
    [["basic", { realm: "a" }], ["bearer", { realm: "b", service: "c" }]],
  ],
  [
    "Bearer twice",
    'Bearer realm="a", Bearer realm="b"',
    [["bearer", { realm: "a" }], ["bearer", { realm: "b" }]],
  ],
  [
    "values without quotes that have / and : and =",
    "Bearer realm=https://auth.example:8443/token?a=b,service=registry.example:5000",
    [["bearer", {
      realm: "https://auth.example:8443/token?a=b",
      service: "registry.example:5000",
    }]],
  ],
  ["escapes in quotes", 'Basic realm="a\\"b\\\\c\\d"', [["basic", { realm: 'a"b\\cd' }]]],
  ["a comma and a scheme in quotes", 'Basic realm="x, Bearer realm=y"', [
    ["basic", { realm: "x, Bearer realm=y" }],
  ]],
  ["an empty quoted value", 'Bearer realm="r",scope=""', [["bearer", { realm: "r", scope: "" }]]],
  ["blanks around =", 'Bearer realm = "r" , service\t=\ts', [
    ["bearer", { realm: "r", service: "s" }],
  ]],
  ["blanks around the list", '  Bearer   realm="r"  ,  service="s"  ', [
    ["bearer", { realm: "r", service: "s" }],
  ]],
  ["empty elements", 'Bearer realm="r",,, service="s",', [
    ["bearer", { realm: "r", service: "s" }],
  ]],
  ["a comma after the scheme", 'Bearer , realm="r"', [["bearer", { realm: "r" }]]],
  ["names of any case", 'BEARER Realm="R",SERVICE="S"', [
    ["bearer", { realm: "R", service: "S" }],
  ]],
  ["a tab in quotes", 'Basic realm="a\tb"', [["basic", { realm: "a\tb" }]]],
  ["bytes over 127 in quotes", 'Basic realm="caf\u00e9"', [["basic", { realm: "caf\u00e9" }]]],
  ["a parameter without blank before the first comma", "Digest a=b", [["digest", { a: "b" }]]],
  ["names of Object.prototype", 'Bearer __proto__="a",constructor="b"', [
    ["bearer", Object.fromEntries([["__proto__", "a"], ["constructor", "b"]])],
  ]],
];

const BAD: readonly (readonly [what: string, header: string])[] = [
  ["a quote that is not closed", 'Bearer realm="abc'],
  ["a quote closed by an escaped quote", 'Bearer realm="abc\\"'],
  ["a backslash at the end", 'Bearer realm="abc\\'],
  ["a parameter twice", 'Bearer realm="a",realm="b"'],
  ["a parameter twice in other case", 'Bearer realm="a",REALM="b"'],
  ["parameters with no comma between", 'Bearer realm="a" service="b"'],
  ["text after a quote", 'Bearer realm="a"b'],
  ["a value that is missing", "Bearer realm=r,service=,scope=x"],
  ["a parameter without a scheme", '="a"'],
  ["a control character in quotes", 'Bearer realm="a\u0000b"'],
  ["an escaped control character", 'Bearer realm="a\\\u0001b"'],
  ["a line break in quotes", 'Bearer realm="a\r\nb"'],
  ["a line break between", 'Bearer realm="a",\r\n service="b"'],
  ["a scheme that is no token", '"Bearer" realm="a"'],
  ["a quote inside a value without quotes", 'Bearer realm=a"b'],
  ["33 challenges", "a,".repeat(33)],
  ["a header over 64 KiB", `Bearer realm="${"a".repeat(64 * 1024)}"`],
];

describe("parseChallenges()", () => {
  for (const [what, header, expected] of GOOD) {
    it(`reads ${what}`, () => expect(plain(header)).toEqual(expected));
  }
  for (const [what, header] of BAD) {
    it(`refuses ${what}`, () => {
      try {
        parseChallenges(header);
        expect.unreachable();
      } catch (error) {
        expect(isTidegateError(error, "INVALID_RESPONSE") && error.details.what)
          .toBe("WWW-Authenticate");
      }
    });
  }

  it("reads several headers as Headers joins them", () => {
    const headers = new Headers();
    headers.append("www-authenticate", "Negotiate");
    headers.append("www-authenticate", 'Basic realm="a, b"');
    headers.append("www-authenticate", 'Bearer realm="r",scope="repository:a/b:pull,push"');
    expect(plain(headers.get("www-authenticate") ?? "")).toEqual([
      ["negotiate", {}],
      ["basic", { realm: "a, b" }],
      ["bearer", { realm: "r", scope: "repository:a/b:pull,push" }],
    ]);
  });

  it("shows no query of a realm in its errors", () => {
    expect(() => parseChallenges('Bearer realm="https://a.test/?canary",realm="'))
      .toThrow(/^(?!.*canary)/s);
  });

  it("throws nothing untyped, whatever the header", () => {
    const pieces = fc.array(
      fc.constantFrom("Bearer ", "Basic", ' realm="', '"', ",", "=", "\\", " ", "a", "/", "\u0000"),
      { maxLength: 40 },
    ).map((parts) => parts.join(""));
    fc.assert(
      fc.property(fc.oneof(pieces, fc.string({ unit: "binary" })), (header) => {
        attempt(() => parseChallenges(header));
      }),
      { numRuns: 5000 },
    );
  });

  it("takes a mebibyte of anything in under 50 ms, 64 KiB of it parsed", () => {
    const patterns = ["a", ",", " ", '"', "\\", "a=b,", 'a b="', "a ", "a,", "=", 'a="\\"",', "\t"];
    for (const pattern of patterns) {
      expectFast(() => parseChallenges(mebibyteOf(pattern)));
      expectFast(() => parseChallenges(mebibyteOf(pattern).slice(0, 64 * 1024)));
      expectFast(() => parseChallenges(`Bearer x="${mebibyteOf(pattern).slice(0, 60_000)}`));
    }
  });
});

const token = fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,12}$/).map((t) => t.toLowerCase());
const value = fc.stringMatching(/^[\t\u0020-\u007e\u0080-\u00ff]{0,30}$/);
const challenge: fc.Arbitrary<Challenge> = fc.oneof(
  fc.record({
    scheme: token,
    parameters: fc.uniqueArray(fc.tuple(token, value), { selector: ([name]) => name, maxLength: 5 })
      .map((entries) => new Map(entries)),
  }),
  fc.record({
    scheme: token,
    parameters: fc.constant(new Map<string, string>()),
    token68: fc.stringMatching(/^[-._~+/0-9A-Za-z]{1,20}={0,2}$/),
  }),
);

describe("formatChallenges()", () => {
  it("is read back as it was", () => {
    fc.assert(
      fc.property(fc.array(challenge, { maxLength: 4 }), (challenges) => {
        expect(parseChallenges(formatChallenges(challenges))).toEqual(challenges);
      }),
      { numRuns: 5000 },
    );
  });

  it("refuses what a header cannot carry", () => {
    const of = (scheme: string, name: string, text: string): Challenge => ({
      scheme,
      parameters: new Map([[name, text]]),
    });
    const bad = [
      of("a b", "r", "x"),
      of("a", "r s", "x"),
      of("a", "r", "x\r\ny"),
      of("", "r", "x"),
    ];
    const list: Challenge[] = [...bad, of("a", "r", "\u20ac")];
    list.push({ scheme: "a", parameters: new Map(), token68: "a b" });
    for (const one of list) expect(() => formatChallenges([one])).toThrow(TypeError);
  });
});
