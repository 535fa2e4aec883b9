import { readResponse, TidegateError } from "../core/mod.ts";
import { pullManifestRequest, pushManifestRequest } from "../distribution/mod.ts";
import { MEDIA_TYPES } from "../manifest/mod.ts";
import { observe } from "../observability/mod.ts";
import { type Digest, fallbackTag } from "../reference/mod.ts";
import { discard } from "../transport/mod.ts";
import type { RepositoryConnection } from "./connection.ts";
import type { CallOptions, ClientContext } from "./context.ts";
import {
  addEntry,
  parseReferrersIndex,
  referrerEntry,
  type ReferrersIndex,
  removeEntry,
  writeReferrersIndex,
} from "./referrers_index.ts";
import { responseFailure } from "./response_failure.ts";
import { forgetCached } from "./cached_manifest.ts";
import { acceptPush, type PreparedManifest } from "./send_manifest.ts";

/*
 * A registry without the referrers API keeps the list under a tag, and clients change it: read, add,
 * write. Two that do so at once lose one of the entries, unless the registry honours `If-Match`.
 * Whether it does is asked with a push that changes nothing. Where it does not, a writer keeps the
 * time between reading and writing short, waits until every other such writer must have written, and
 * looks whether its own change still stands.
 */

/** How the fallback tag is changed. */
interface TagSettings {
  /** Longest time from asking for the tag until it is written, in milliseconds. */
  readonly writeMs: number;
  /** Wait before looking whether a change stands: longer than any other writer's `writeMs`. */
  readonly settleMs: number;
  readonly attempts: number;
  /** Upper bound of the wait before the second attempt, in milliseconds; doubles. */
  readonly baseMs: number;
  readonly maximumMs: number;
}

const SETTINGS: TagSettings = {
  writeMs: 2_000, // a small push takes well below a second
  settleMs: 3_000,
  attempts: 32, // of n writers at once one at least gets through each time
  baseMs: 200,
  maximumMs: 8_000,
};

/** A manifest that refers to another, and where both are. */
export interface ReferrerPlace extends CallOptions {
  readonly context: ClientContext;
  readonly connection: RepositoryConnection;
  readonly subject: Digest;
  readonly referrer: PreparedManifest;
}

/**
 * List a manifest in the fallback tag of its subject (distribution-spec, "Referrers Tag Schema").
 * Everything else in the list stays as it is; a manifest that is in it already is left alone.
 *
 * @param place Its referrer must have been pushed.
 * @returns Whether it was not listed before.
 * @throws {TidegateError} CONFLICT when others kept overwriting it; LIMIT_EXCEEDED when the list
 * would get longer than a manifest may be; INVALID_MANIFEST when the tag holds something else; what
 * the registry answers.
 */
export function addReferrer(place: ReferrerPlace): Promise<boolean> {
  const entry = referrerEntry(place.referrer);
  return changeTag({ ...place, change: (index) => addEntry(index, entry) });
}

/**
 * Take a manifest off the fallback tag of its subject. Does nothing where it is not listed.
 *
 * @returns Whether it was listed.
 * @throws {TidegateError} As {@linkcode addReferrer}.
 */
export function removeReferrer(place: ReferrerPlace): Promise<boolean> {
  const { digest } = place.referrer;
  return changeTag({ ...place, change: (index) => removeEntry(index, digest) });
}

interface TagJob extends ReferrerPlace {
  /** The list as it should be; undefined when it is so already. */
  readonly change: (index: ReferrersIndex) => ReferrersIndex | undefined;
}

/** Returns whether anything had to be changed. */
async function changeTag(job: TagJob): Promise<boolean> {
  const { clock, random } = job.context.settings;
  const { attempts, baseMs, maximumMs } = SETTINGS;
  const honours = createConditionProbe(job);
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const outcome = await tryChange(job, honours, attempt);
    if (outcome !== "lost") return outcome === "changed" || attempt > 1;
    const wait = random.float() * Math.min(maximumMs, baseMs * 2 ** (attempt - 1));
    await clock.sleep(wait, job.signal);
  }
  const what = `${job.connection.target.repository}:${fallbackTag(job.subject)}`;
  const message = `Others kept changing ${what}: ${attempts} attempts to list a referrer failed`;
  throw new TidegateError("CONFLICT", message, { what, attempts });
}

type Outcome = "unchanged" | "changed" | "lost";

async function tryChange(job: TagJob, honours: Honours, attempt: number): Promise<Outcome> {
  const { connection: { upstream }, context: { settings: { clock, observer } }, subject } = job;
  const endsAt = clock.now() + SETTINGS.writeMs;
  const before = await readTag(job);
  const wanted = job.change(before.index);
  if (wanted === undefined) return "unchanged";
  const condition = conditionFor(before);
  const conditional = condition !== undefined && await honours(condition);
  const isWritten = conditional
    ? await writeTag(job, wanted, condition)
    : await writeInTime(job, wanted, endsAt);
  if (!isWritten) return "lost";
  const event = { type: "referrers.tag_changed", upstream: upstream.name } as const;
  observe(observer, { ...event, subject, attempt, conditional });
  if (conditional) return "changed";
  await clock.sleep(SETTINGS.settleMs, job.signal);
  const stands = job.change((await readTag(job)).index) === undefined;
  return stands ? "changed" : "lost";
}

interface TagState {
  readonly index: ReferrersIndex;
  readonly exists: boolean;
  readonly etag: string | undefined;
}

async function readTag(
  { context, connection: { send, target }, subject, signal }: TagJob,
): Promise<TagState> {
  const { clock, limits: { manifestBytes: maximum }, resume: { stallMs } } = context.settings;
  const tag = fallbackTag(subject);
  const options = { accept: MEDIA_TYPES.imageIndex, signal };
  const response = await send(pullManifestRequest(target, tag, options));
  const { headers, status } = response;
  if (status === 404) {
    discard(response, clock);
    return { index: parseReferrersIndex(undefined), exists: false, etag: undefined };
  }
  if (status !== 200) {
    throw await responseFailure(response, `${target.repository}:${tag}`, clock, signal);
  }
  const reading = { what: "list of referrers", maximum, clock, stallMs, signal };
  const bytes = await readResponse(response, reading);
  const etag = headers.get("etag") ?? undefined;
  return { index: parseReferrersIndex(bytes), exists: true, etag };
}

/** What a write may be bound to; a weak `ETag` never matches (RFC 9110 13.1.1). */
interface Condition {
  readonly ifMatch?: string;
  readonly ifNoneMatch?: string;
}

function conditionFor({ exists, etag }: TagState): Condition | undefined {
  if (!exists) return { ifNoneMatch: "*" };
  return etag === undefined || etag.startsWith("W/") ? undefined : { ifMatch: etag };
}

/** Whether the registry honours a kind of condition. */
type Honours = (condition: Condition) => Promise<boolean>;

const NO_ETAG = '"tidegate-matches-nothing"';

/**
 * Asked by pushing the referrer once more, by its digest, under a condition that does not hold. A
 * registry that looks at it answers 412, and for any other nothing changes.
 */
function createConditionProbe(job: TagJob): Honours {
  const known = new Map<string, boolean>();
  return async ({ ifMatch }) => {
    const kind = ifMatch === undefined ? "if-none-match" : "if-match";
    const answer = known.get(kind) ?? await probe(job, kind);
    known.set(kind, answer);
    return answer;
  };
}

async function probe(
  { context, connection: { send, target }, referrer, signal }: TagJob,
  kind: "if-match" | "if-none-match",
): Promise<boolean> {
  const { bytes, digest, mediaType } = referrer;
  const failing = kind === "if-match" ? { ifMatch: NO_ETAG } : { ifNoneMatch: "*" };
  const request = pushManifestRequest(target, digest, bytes, mediaType, { ...failing, signal });
  const response = await send(request);
  discard(response, context.settings.clock);
  return response.status === 412;
}

/** Returns false when the condition did not hold any more. */
async function writeTag(
  job: TagJob,
  index: ReferrersIndex,
  condition: Condition = {},
  signal: AbortSignal | undefined = job.signal,
): Promise<boolean> {
  const { context, connection: { send, target }, subject } = job;
  const tag = fallbackTag(subject);
  const bytes = writeReferrersIndex(index, context.settings.limits.manifestBytes);
  const options = { ...condition, signal };
  const response = await send(
    pushManifestRequest(target, tag, bytes, MEDIA_TYPES.imageIndex, options),
  );
  if (response.status !== 412) {
    await acceptPush(context, response, `${target.repository}:${tag}`, signal);
    await forgetCached(context, job.connection);
    return true;
  }
  discard(response, context.settings.clock);
  return false;
}

/** A write that comes late could undo what others settled on: it is given up instead. */
async function writeInTime(job: TagJob, index: ReferrersIndex, endsAt: number): Promise<boolean> {
  const { clock } = job.context.settings;
  const left = endsAt - clock.now(); // reading and asking have taken some of it
  if (left <= 0) return false;
  const late = new AbortController();
  const stop = clock.after(left, () => late.abort());
  const signal = job.signal ? AbortSignal.any([job.signal, late.signal]) : late.signal;
  try {
    return await writeTag(job, index, {}, signal);
  } catch (error) {
    job.signal?.throwIfAborted();
    if (late.signal.aborted) return false;
    throw error;
  } finally {
    stop();
  }
}
