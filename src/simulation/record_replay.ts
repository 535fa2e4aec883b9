import type { Fetch } from "../core/mod.ts";
import { describeRequest } from "./record.ts";
import { bodyBytes } from "./record_fixture.ts";
import type { Fixture, FixtureExchange, FixtureRequest } from "./record_fixture.ts";
import { createRedactor } from "./record_redact.ts";

/** How a fixture is replayed. */
export interface ReplayerOptions {
  /**
   * `strict`: requests come in the recorded order, each once. `match`: in any order, each once; for
   * what runs at once. Default is `strict`.
   */
  readonly order?: "strict" | "match";
  /** What is hidden in requests before they are compared: what the recorder was given. */
  readonly secrets?: readonly string[];
}

/** A request that no recorded one is like. */
export class ReplayError extends Error {
  override readonly name = "ReplayError";
}

/** Answers from a fixture. */
export interface Replayer {
  /** Rejects with a {@linkcode ReplayError} that names the nearest recorded request. */
  readonly fetch: Fetch;
  /** Recorded requests that have not come yet. */
  remaining(): readonly FixtureRequest[];
  /**
   * For the end of a test.
   * @throws {ReplayError} The first mismatch, which a client may have taken for a broken network; or
   * if recorded requests have not come.
   */
  assertDone(): void;
}

/** Headers that make a request another one. */
const TELLING: readonly string[] = ["range", "content-range", "content-type"];

/** Answer requests as they were answered when the fixture was recorded. */
export function createReplayer(
  fixture: Fixture,
  { order = "strict", secrets = [] }: ReplayerOptions = {},
): Replayer {
  const left = [...fixture.exchanges];
  const redactor = createRedactor(secrets);
  let mismatch: ReplayError | undefined;
  return {
    async fetch(request): Promise<Response> {
      const bytes = new Uint8Array(await request.clone().arrayBuffer());
      const asked = await describeRequest(request, bytes, redactor);
      const candidates = order === "strict" ? left.slice(0, 1) : left;
      const found = candidates.find((one) => differences(asked, one.request).length === 0);
      if (found === undefined) {
        const error = noAnswer(asked, candidates, fixture.exchanges);
        mismatch ??= error;
        throw error;
      }
      left.splice(left.indexOf(found), 1);
      return toResponse(found);
    },
    remaining: () => left.map(({ request }) => request),
    assertDone(): void {
      if (mismatch !== undefined) throw mismatch;
      const [next] = left;
      if (next === undefined) return;
      throw new ReplayError(
        `${left.length} requests have not come; next is ${spell(next.request)}`,
      );
    },
  };
}

function toResponse({ request, response }: FixtureExchange): Response {
  const { status, headers } = response;
  const isHead = request.method === "HEAD";
  return new Response(isHead ? null : bodyBytes(response.body), { status, headers });
}

/** What two requests differ in, as a sentence each. */
function differences(asked: FixtureRequest, recorded: FixtureRequest): string[] {
  const found: string[] = [];
  const compare = (what: string, ours = "none", theirs = "none"): void => {
    if (ours !== theirs) found.push(`${what} is ${cut(ours)}, not ${cut(theirs)}`);
  };
  compare("method", asked.method, recorded.method);
  compare("URL", asked.url, recorded.url);
  for (const name of TELLING) compare(name, asked.headers[name], recorded.headers[name]);
  compare("body", JSON.stringify(asked.body), JSON.stringify(recorded.body));
  return found;
}

function noAnswer(
  asked: FixtureRequest,
  candidates: readonly FixtureExchange[],
  all: readonly FixtureExchange[],
): ReplayError {
  const [nearest] = candidates.map((one) => ({ one, what: differences(asked, one.request) }))
    .toSorted((a, b) =>
      a.what.length - b.what.length || alike(asked, b.one.request) - alike(asked, a.one.request)
    );
  if (nearest === undefined) {
    return new ReplayError(`${spell(asked)} came after the last recorded request`);
  }
  const place = all.indexOf(nearest.one) + 1;
  const why = nearest.what.join("; ");
  return new ReplayError(
    `No answer is recorded for ${spell(asked)}; nearest is #${place}, ${
      spell(nearest.one.request)
    }: ${why}`,
  );
}

/** How many characters two URLs begin with alike. */
function alike({ url: a }: FixtureRequest, { url: b }: FixtureRequest): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  return length;
}

function spell({ method, url }: FixtureRequest): string {
  return `${method} ${url}`;
}

function cut(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
