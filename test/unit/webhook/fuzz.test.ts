import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isRepositoryName, isTag } from "../../../src/reference/mod.ts";
import {
  githubPackagePayload,
  githubWebhook,
  hubWebhook,
  webhookRequest,
} from "../../../src/simulation/mod.ts";
import { readGithubNotice, readHubNotice } from "../../../src/webhook/mod.ts";
import { parsePayload, payloadForm } from "../../../src/webhook/payload.ts";
import { attempt } from "../../support/parser_checks.ts";
import {
  DIGEST,
  GITHUB_SECRET,
  GITHUB_URL,
  HUB_URL,
  openReceiver,
  PACKAGE,
  type TestReceiver,
} from "../../support/webhooks.ts";

const RUNS = 20_000;
const UNCAPPED = { limits: { perMinute: Infinity, strangersPerMinute: Infinity } };

const hubPayload = JSON.parse(new TextDecoder().decode(hubWebhook({ repository: "a/b" }).body));
const PAYLOADS: Readonly<Record<"docker-hub" | "github", readonly unknown[]>> = {
  "docker-hub": [hubPayload],
  github: [
    githubPackagePayload(PACKAGE),
    githubPackagePayload({ ...PACKAGE, action: "deleted" }, "registry_package"),
  ],
};

const odd: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(null, true, 0, -1, 1e400, 1e15, "", "/", ".", "..", "a/b", "A/B:c@d"),
  fc.constantFrom("__proto__", "constructor", "\0", "\ud800", "\u202e", "a".repeat(300), "../x"),
  fc.constantFrom("https://evil.test/a/b:c", "ghcr.io/../../x:y", "ghcr.io//:", DIGEST),
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.double(),
  fc.jsonValue({ maxDepth: 2 }),
);

/** A real payload in which some members are others, or gone. */
function mutated(payloads: readonly unknown[]): fc.Arbitrary<string> {
  const change = fc.record({ at: fc.nat(), value: odd, isGone: fc.boolean() });
  return fc.tuple(fc.constantFrom(...payloads), fc.array(change, { maxLength: 4 })).map(
    ([payload, changes]) => {
      const copy = structuredClone(payload);
      for (const { at, value, isGone } of changes) {
        const places = placesIn(copy);
        const place = places[at % places.length];
        if (place === undefined) break;
        if (isGone) delete place.owner[place.key];
        else place.owner[place.key] = value;
      }
      return JSON.stringify(copy);
    },
  );
}

interface Place {
  readonly owner: Record<string, unknown>;
  readonly key: string;
}

function placesIn(value: unknown): Place[] {
  if (typeof value !== "object" || value === null) return [];
  const owner = value as Record<string, unknown>;
  return Object.keys(owner).flatMap((key) => [{ owner, key }, ...placesIn(owner[key])]);
}

const bodies = (payloads: readonly unknown[]): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 6, arbitrary: mutated(payloads) },
    { weight: 1, arbitrary: fc.json() },
    { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 200 }) },
  );

/** What a header or a path can hold. */
const printable: fc.Arbitrary<string> = fc.string({
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
  maxLength: 100,
});

const headers: fc.Arbitrary<Record<string, string>> = fc.record({
  "content-type": fc.oneof(
    { weight: 8, arbitrary: fc.constant("application/json") },
    { weight: 1, arbitrary: fc.constantFrom("application/x-www-form-urlencoded", "text/plain") },
    { weight: 1, arbitrary: printable },
  ),
  "x-github-event": fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom("package", "registry_package") },
    { weight: 1, arbitrary: printable },
  ),
  "x-github-delivery": fc.oneof(fc.uuid(), printable),
});

/** What may be seen of a receiver that was sent something. */
const STATUSES = [200, 400, 415];

function expectSound({ events, resolved }: TestReceiver): void {
  for (const { repository, tag, pusher, timestamp } of events) {
    expect(isRepositoryName(repository)).toBe(true);
    expect(tag === undefined || isTag(tag)).toBe(true);
    expect((pusher ?? "").length).toBeLessThan(1200); // 128 characters, each escaped
    expect(Number.isFinite(timestamp)).toBe(true);
  }
  for (const one of resolved) expect(one).toMatch(/^[a-z0-9][a-z0-9._/-]* [\w:.-]+$/);
}

const wrongProofs = fc.tuple(
  fc.oneof(
    fc.constantFrom("", "sha256=", `sha1=${"0".repeat(40)}`, `sha256=${"0".repeat(64)}`),
    fc.nat().map((n) => `sha256=${n.toString(16).padStart(64, "0")}`),
    printable,
  ),
  fc.oneof(fc.constantFrom("", "/", "//", "/..", "?", "/x", "%00", "#"), printable),
);

describe.each(["docker-hub", "github"] as const)("fuzzed payloads of %s", (provider) => {
  const isGithub = provider === "github";
  const cases = fc.tuple(bodies(PAYLOADS[provider]), headers);

  it(`do nothing from a stranger, and are read or refused: ${RUNS}`, async () => {
    const receiver = openReceiver(UNCAPPED);
    await assertBatches(RUNS, fc.tuple(cases, wrongProofs), async ([[text, more], wrong]) => {
      const [signature, end] = wrong;
      const all = { ...more, "x-hub-signature-256": signature };
      const target = isGithub ? GITHUB_URL : `https://door.test/hooks/docker-hub/${end}`;
      const body = new TextEncoder().encode(text);
      const answer = await receiver.fetch(webhookRequest(target, { headers: all, body }));
      expect(answer.status).toBe(isGithub ? 401 : 404);
      attempt(() => {
        const json = parsePayload(
          provider,
          body,
          payloadForm(more["content-type"] ?? "") ?? "json",
        );
        return isGithub
          ? readGithubNotice(more["x-github-event"] ?? "", json)
          : readHubNotice(json);
      });
    });
    expect(receiver.effects()).toBe(0);
  }, 120_000);

  it(`break nothing from a sender that is known: ${RUNS / 10}`, async () => {
    const receiver = openReceiver(UNCAPPED);
    await assertBatches(RUNS / 10, cases, async ([text, more]) => {
      const post = await githubWebhook({ secret: GITHUB_SECRET, payload: text });
      const all = { ...post, headers: { ...post.headers, ...more } };
      const url = isGithub ? GITHUB_URL : HUB_URL;
      const answer = await receiver.fetch(webhookRequest(url, all));
      expect(STATUSES).toContain(answer.status);
    });
    expectSound(receiver);
    expect(receiver.events.length).toBeGreaterThan(5);
  }, 120_000);
});

const BATCH = 200; // what Web Crypto's threads do meanwhile is the time that one alone would wait

async function assertBatches<T>(
  runs: number,
  arbitrary: fc.Arbitrary<T>,
  check: (value: T) => Promise<void>,
): Promise<void> {
  const batch = fc.array(arbitrary, { minLength: BATCH, maxLength: BATCH, size: "max" });
  await fc.assert(
    fc.asyncProperty(batch, async (values) => void await Promise.all(values.map(check))),
    { numRuns: runs / BATCH },
  );
}
