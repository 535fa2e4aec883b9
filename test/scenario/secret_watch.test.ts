import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { buildImage, createSimulation, secretSpellings } from "../../src/simulation/mod.ts";
import { FLOWS, recordFlow } from "../support/ghcr_fixtures.ts";
import * as product from "../support/leak_product.ts";
import { loadProduct, type Mutant } from "../support/mutant_node.ts";
import { createSecretWatch, type SecretWatch } from "../support/secret_watch.ts";
import { createTextSearch } from "../support/text_search.ts";
import { createVirtualClock } from "../support/virtual_clock.ts";

/*
 * The watch over the whole suite (`test/support/watch_setup.ts`) can go red: with redaction taken out
 * of the product in one place, it finds a secret. And nothing that is kept in the repository has one.
 */

const PASSWORD = "canary-watch-2f9d0c4b71e8";
const SIGNATURE = "canary-signature-6b0e93d5a1c7";
const IMAGE = await buildImage({ layers: [2000] });
type Watched = typeof product;

/** A program that pulls and logs, before a registry whose redirects are signed. */
async function watched(made: Watched): Promise<SecretWatch> {
  const watch = createSecretWatch();
  for (const secret of [PASSWORD, SIGNATURE]) watch.secret(secret);
  const clock = createVirtualClock();
  const simulation = createSimulation({ clock });
  const tokens = simulation.tokenService("auth.test", { users: { ann: PASSWORD } });
  const registry = simulation.registry("registry.test");
  registry.configure({ auth: { mode: "bearer", tokens } });
  registry.add("acme/app", { image: IMAGE, tags: ["v1"] });
  const location = `https://cdn.test/blob?X-Amz-Signature=${SIGNATURE}`;
  simulation.trap("cdn.test");
  simulation.faults.add({
    path: "*/blobs/*",
    action: { kind: "answer", status: 307, headers: { location } },
  });
  const logger = made.createLogger({ level: "debug", write: watch.text });
  const credential = made.basicCredential("ann", PASSWORD);
  const client = made.createRegistryClient({
    ...{ fetch: simulation.fetch, clock },
    credentials: made.staticCredentials({ "registry.test": credential }),
    upstreams: [made.resolveUpstream("registry.test", { tokenOrigins: ["https://auth.test"] })],
    observer: made.joinObservers(watch.event, made.logObserver(logger)),
  });
  const ref = made.parseReference("registry.test/acme/app:v1");
  await clock.run(client.manifests.get(ref));
  const digest = IMAGE.layers[0]?.digest ?? "";
  const error: unknown = await clock.run(client.blobs.get(ref, digest).catch((error) => error));
  watch.error(error);
  for (const token of tokens.issued) watch.secret(token);
  logger.debug("who asks", { credential, headers: { authorization: `Bearer ${PASSWORD}` } });
  watch.text(JSON.stringify([credential, client]));
  return watch;
}

const MUTANTS: readonly Mutant[] = [
  {
    name: "queries of URLs are shown",
    file: "observability/redact_url.ts",
    edits: [["const query = redactQuery(parsed.searchParams);", "const query = parsed.search;"]],
  },
  {
    name: "a logger writes what it is given",
    file: "observability/redact.ts",
    edits: [["return redactValue(value, 0);", "return value;"]],
  },
  {
    name: "a secret shows itself as JSON",
    file: "core/secret.ts",
    edits: [[
      "toJSON(): string {\n    return REDACTED;",
      "toJSON(): string {\n    return this.reveal();",
    ]],
  },
  {
    name: "an event holds the token",
    file: "auth/token_source.ts",
    edits: [["anonymous: credential === undefined,", "anonymous: token.value.reveal() as never,"]],
  },
];

describe("the watch", () => {
  it("finds nothing in the product as it is", async () => {
    const watch = await watched(product);
    expect(watch.findings()).toEqual([]);
    expect(watch.seen.characters).toBeGreaterThan(5000);
    expect(watch.seen.secrets).toBeGreaterThanOrEqual(3);
  });

  it.each(MUTANTS)("goes red where $name", async (mutant) => {
    const made = await loadProduct(mutant) as Watched;
    expect((await watched(made)).findings()).not.toEqual([]);
  });

  it("finds a secret in each spelling, also in what was encoded with it", () => {
    const needles = secretSpellings(PASSWORD);
    const { find } = createTextSearch(needles);
    for (const needle of needles) expect(find(`some ${needle} text`)).toHaveLength(1);
    for (const user of ["a", "ab", "abc"]) {
      expect(find(btoa(`${user}:${PASSWORD}`))).not.toEqual([]);
    }
    expect(find(PASSWORD.slice(1))).toEqual([]);
  });

  it("is told of every secret, event and error of the tests themselves", async () => {
    const { __tidegateWatch: watch } = globalThis as unknown as { __tidegateWatch: SecretWatch };
    const before = { ...watch.seen };
    const clock = createVirtualClock();
    const { fetch } = createSimulation({ clock });
    const client = product.createRegistryClient({ fetch, clock }); // nobody observes
    const ref = product.parseReference("registry.test/acme/app:v1");
    await expect(clock.run(client.manifests.get(ref))).rejects.toThrow();
    new product.Secret("canary-told-9c41d07be382");
    expect(watch.seen.characters).toBeGreaterThan(before.characters + 1000);
    expect(watch.seen.secrets).toBeGreaterThan(before.secrets);
  });
});

/** Every file below a folder. */
function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

function textOf(file: string): string {
  const bytes = readFileSync(file);
  return (file.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("latin1");
}

/** Each canary that some test gives to the product. */
function canariesOfTests(): string[] {
  const texts = filesBelow("test").filter((file) => file.endsWith(".ts")).map(textOf);
  const literals = texts.flatMap((text) =>
    text.match(/(?<=["'`])[\w-]*canary[\w-]{5,}(?=["'`])/g) ?? []
  );
  return [...new Set(literals)].filter((literal) => literal.length >= 12 && /\d/.test(literal));
}

describe("fixtures, examples and documents", () => {
  it("hold no canary of any test, and no token of the traffic that was recorded", async () => {
    const { __tidegateWatch: watch } = globalThis as unknown as {
      __tidegateWatch: { secret: SecretWatch["secret"] };
    };
    const given: string[] = [];
    const { secret } = watch;
    watch.secret = (value) => {
      if (typeof value === "string" && value.length >= 12) given.push(value);
      secret(value);
    };
    for (const flow of Object.values(FLOWS)) await recordFlow(flow);
    watch.secret = secret;
    expect(given.length).toBeGreaterThan(Object.keys(FLOWS).length);
    const canaries = canariesOfTests();
    expect(canaries.length).toBeGreaterThan(10);
    const { find } = createTextSearch([...canaries, ...given].flatMap(secretSpellings));
    const files = ["test/vectors", "docs", "examples"].flatMap(filesBelow)
      .filter((file) => !file.includes("/nist/")); // published by others
    expect(files.length).toBeGreaterThan(15);
    const found = files.flatMap((file) => find(textOf(file)).map((one) => `${file}: ${one}`));
    expect(found).toEqual([]);
  });

  it("hold nothing that looks like a vendor's token", () => {
    const files = ["test/vectors/ghcr", "examples"].flatMap(filesBelow);
    const looks = /\b(?:dckr_(?:pat|oat)_|gh[pousr]_|github_pat_|glpat-)[\w-]{8,}|\beyJ[\w-]{8,}\./;
    expect(files.filter((file) => looks.test(textOf(file)))).toEqual([]);
  });
});
