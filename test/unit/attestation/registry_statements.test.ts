import { describe, expect, it } from "vitest";
import {
  buildkitStatements,
  predicateTypeOf,
  referrerStatements,
  type Statement,
  type StatementSearch,
  statementsIn,
} from "../../../src/attestation/mod.ts";
import { encodeUtf8, TidegateError } from "../../../src/core/mod.ts";
import type { Descriptor, Manifest } from "../../../src/manifest/mod.ts";
import { type Digest, parseDigest } from "../../../src/reference/mod.ts";

const IN_TOTO = "application/vnd.in-toto+json";
const PLACE = { registry: "registry.example", repository: "acme/app" };
const digestOf = (n: number): Digest => parseDigest(`sha256:${String(n).padStart(64, "0")}`);
const IMAGE = digestOf(0);

const statement = (predicateType: string): string => JSON.stringify({ subject: [], predicateType });
const descriptor = (n: number, size = 1): Descriptor => ({
  mediaType: IN_TOTO,
  digest: digestOf(n),
  size,
});

/** A registry whose manifests are lists of layers by digest, and whose blobs are texts. */
function searchIn(
  manifests: Readonly<Record<string, readonly Descriptor[]>>,
  blobs: Readonly<Record<string, string>>,
  referrers: readonly Descriptor[] = [],
): StatementSearch & { readonly pulled: string[] } {
  const pulled: string[] = [];
  const registry = {
    manifests: {
      get({ digest }: { readonly digest: Digest }): Promise<unknown> {
        pulled.push(digest);
        const layers = manifests[digest];
        if (layers !== undefined) return Promise.resolve({ manifest: { kind: "image", layers } });
        const details = { status: 404, origin: "x", diagnostics: [], image: "x" };
        return Promise.reject(new TidegateError("NOT_FOUND", "gone", details));
      },
    },
    blobs: {
      get: (_: unknown, digest: Digest) =>
        Promise.resolve({ bytes: () => Promise.resolve(encodeUtf8(blobs[digest] ?? "")) }),
    },
    referrers: {
      async *list(): AsyncGenerator<Descriptor, void> {
        yield* referrers;
      },
    },
  } as unknown as StatementSearch["registry"];
  return {
    pulled,
    registry,
    place: PLACE,
    digest: IMAGE,
    maxManifests: 2,
    maxStatementBytes: 1000,
    acceptsReferrer: ({ mediaType }) => mediaType === IN_TOTO,
    acceptsLayer: ({ mediaType }) => mediaType === IN_TOTO,
  };
}

async function typesOf(statements: AsyncIterable<Statement>): Promise<string[]> {
  const types: string[] = [];
  for await (const { predicateType } of statements) types.push(predicateType);
  return types;
}

describe("statementsIn()", () => {
  it("passes over what is no statement, too long, or not there", async () => {
    const other = { ...descriptor(5), mediaType: "text/plain" };
    const layers = [descriptor(1), descriptor(2), descriptor(3, 1001), other, descriptor(4)];
    const blobs = {
      [digestOf(1)]: "<html>",
      [digestOf(2)]: '{"predicateType":7}',
      [digestOf(3)]: statement("long"),
      [digestOf(4)]: statement("found"),
      [digestOf(5)]: statement("other"),
    };
    const search = searchIn({ [digestOf(9)]: layers }, blobs);
    expect(await typesOf(statementsIn(search, { ...PLACE, digest: digestOf(9) }, {})))
      .toEqual(["found"]);
    expect(await typesOf(statementsIn(search, { ...PLACE, digest: digestOf(8) }, {}))).toEqual([]);
  });
});

describe("referrerStatements()", () => {
  it("looks into no more manifests than it may, and into none that is not accepted", async () => {
    const other = { ...descriptor(6), mediaType: "text/plain" };
    const referrers = [other, descriptor(7), descriptor(8), descriptor(9)];
    const layers = [descriptor(1)];
    const manifests = { [digestOf(8)]: layers, [digestOf(9)]: layers };
    const search = searchIn(manifests, { [digestOf(1)]: statement("a") }, referrers);
    expect(await typesOf(referrerStatements(search, {}))).toEqual(["a"]);
    expect(search.pulled).toEqual([digestOf(7), digestOf(8)]);
  });
});

describe("buildkitStatements()", () => {
  const filed = (n: number, about: Digest): Descriptor => ({
    ...descriptor(n),
    annotations: {
      "vnd.docker.reference.type": "attestation-manifest",
      "vnd.docker.reference.digest": about,
    },
  });

  it("looks into what was filed about the image, and no further than it may", async () => {
    const entries = [
      filed(5, digestOf(1)),
      descriptor(6),
      ...[7, 8, 9].map((n) => filed(n, IMAGE)),
    ];
    const index = { kind: "index", manifests: entries } as unknown as Manifest;
    const layers = [descriptor(1)];
    const search = searchIn({ [digestOf(7)]: layers }, { [digestOf(1)]: statement("a") });
    expect(await typesOf(buildkitStatements(search, index, {}))).toEqual(["a"]);
    expect(search.pulled).toEqual([digestOf(7), digestOf(8)]);
    expect(await typesOf(buildkitStatements(search, undefined, {}))).toEqual([]);
  });
});

describe("predicateTypeOf()", () => {
  it("knows BuildKit's annotation, and cosign's", () => {
    const noted = (annotations: Readonly<Record<string, string>>): string | undefined =>
      predicateTypeOf({ ...descriptor(1), annotations });
    expect(noted({ "in-toto.io/predicate-type": "a", "predicateType": "b" })).toBe("a");
    expect(noted({ predicateType: "b" })).toBe("b");
    expect(predicateTypeOf(descriptor(1))).toBeUndefined();
  });
});
