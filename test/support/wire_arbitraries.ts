import fc from "fast-check";
import { type Digest, parseDigest } from "../../src/reference/mod.ts";

const hex = (digits: number): fc.Arbitrary<string> =>
  fc.string({
    unit: fc.constantFrom(..."0123456789abcdef"),
    minLength: digits,
    maxLength: digits,
  });

/** Digests of both algorithms. */
export const digests: fc.Arbitrary<Digest> = fc.oneof(
  hex(64).map((text) => parseDigest(`sha256:${text}`)),
  hex(128).map((text) => parseDigest(`sha512:${text}`)),
);

/** Tags of 1 to 128 characters. */
export const tags: fc.Arbitrary<string> = fc.stringMatching(/^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/);

const components = fc.stringMatching(/^[a-z0-9]{1,8}((\.|_|__|-{1,4})[a-z0-9]{1,8}){0,2}$/);

/** Repository names of 1 to 5 components, well under 255 characters. */
export const repositoryNames: fc.Arbitrary<string> = fc
  .array(components, { minLength: 1, maxLength: 5 })
  .map((parts) => parts.join("/"))
  .filter((name) => name.length <= 240);

/** Registries as users write them. */
export const registries: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom("docker.io", "ghcr.io", "localhost", "localhost:5000", "[::1]:5000", "[fe80::1]"),
  fc.constantFrom("index.docker.io", "Registry", "10.0.0.1:443", "xn--bcher-kva.example"),
  fc.tuple(fc.stringMatching(/^[a-z]([a-z0-9-]{0,8}[a-z0-9])?\.(com|example|test)$/), fc.nat(65534))
    .map(([host, port]) => (port % 2 ? host : `${host}:${port + 1}`)),
);

/** Text around the grammars: every delimiter, some Unicode, control characters. */
export const nearGrammar: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: fc.constantFrom(...'aZ09._-:/@[]=,;"\\<>% \t\n\0\u00e9\ud800{}') }),
  fc.string({ unit: "binary" }),
);
