import * as v from "valibot";
import { MAX_MANIFEST_BYTES } from "../core/mod.ts";

/** The configuration as JSON writes it, once its shape is known to be right. */
export interface FrontDoorConfig {
  readonly upstreams: readonly UpstreamConfig[];
  readonly hosts: readonly string[];
  readonly access: {
    readonly anonymous: readonly string[];
    readonly tokens: readonly {
      readonly name: string;
      readonly sha256: string;
      readonly allow: readonly string[];
    }[];
  };
  readonly ranges: "verified" | "pass" | "off";
  readonly sealingKeys: readonly { readonly secret: string }[];
  readonly cors: { readonly origins: readonly string[] };
  readonly cache: {
    readonly tagTtlSeconds: number;
    readonly staleIfErrorSeconds: number;
    readonly pullReserve: number;
  };
  readonly limits: { readonly manifestBytes: number; readonly chunkBytes: number };
  readonly webhooks?: WebhooksConfig | undefined;
}

/** `webhooks`. */
export interface WebhooksConfig {
  readonly path: string;
  readonly events?: "queue" | "console" | "off" | undefined;
  readonly perMinute: number;
  readonly dockerHub?: WebhookSenderConfig & { readonly callbackOrigins: readonly string[] };
  readonly github?: WebhookSenderConfig;
}

/** One sender under `webhooks`. */
export interface WebhookSenderConfig {
  readonly upstream: string;
  readonly secret?: { readonly secret: string } | undefined;
  readonly secrets?: readonly { readonly secret: string }[] | undefined;
}

/** One entry of `upstreams`. */
export interface UpstreamConfig {
  readonly name: string;
  readonly origin: string;
  readonly prefix?: string | undefined;
  readonly host?: string | undefined;
  readonly default: boolean;
  readonly credentials?:
    | {
      readonly username?: string | { readonly secret: string } | undefined;
      readonly password?: { readonly secret: string } | undefined;
      readonly token?: { readonly secret: string } | undefined;
    }
    | undefined;
  readonly tokenOrigins?: readonly string[] | undefined;
  readonly blobOrigins?: readonly string[] | undefined;
  readonly uploadOrigins?: readonly string[] | undefined;
  readonly insecure: boolean;
  readonly profile?: string | undefined;
}

const MAX_ENTRIES = 1000; // rules, tokens or upstreams: what one request may have to walk through
const MAX_TEXT_LENGTH = 2048;

const text = (rule: string, pattern: RegExp): v.GenericSchema<unknown, string> =>
  v.pipe(v.string(rule), v.maxLength(MAX_TEXT_LENGTH, rule), v.regex(pattern, rule));

const list = <T>(item: v.GenericSchema<unknown, T>): v.GenericSchema<unknown, T[]> =>
  v.pipe(
    v.array(item, "must be an array"),
    v.maxLength(MAX_ENTRIES, `must have at most ${MAX_ENTRIES} entries`),
  );

const wholeNumber = (
  least: number,
  most: number,
  rule: string,
): v.GenericSchema<unknown, number> =>
  v.pipe(v.number(rule), v.safeInteger(rule), v.minValue(least, rule), v.maxValue(most, rule));

const flag = v.boolean("must be true or false");

/** Valibot's objects accept arrays, and its own sentences may quote the value, which may be a secret. */
const record = v.custom<Record<string, unknown>>(isRecord, "must be an object");

function isRecord(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function objectRule(issue: v.StrictObjectIssue): string {
  return issue.expected === "never" ? "is not a key that tidegate implements" : "is required";
}

const name = text(
  "must be 1 to 63 of a-z, 0-9 and -, not starting with -",
  /^[a-z0-9][a-z0-9-]{0,62}$/,
);
const host = text(
  "must be a host with an optional port, lower case",
  /^(?:[a-z0-9][a-z0-9.-]*|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?$/,
);
const anyText = text("must be a text without control characters", /^[^\u0000-\u001f\u007f]+$/);
const userName = text(
  "must be a text without colons and control characters", // RFC 7617 2
  /^[^:\u0000-\u001f\u007f]+$/,
);
const secret = v.pipe(
  v.custom<Record<string, unknown>>(
    isRecord,
    'must be { "secret": "NAME" }, the name of a secret in the environment',
  ),
  v.strictObject({
    secret: text("must be a name of A-Z, 0-9 and _", /^[A-Z][A-Z0-9_]{0,127}$/),
  }, objectRule),
);

const credentials = v.pipe(
  record,
  v.strictObject({
    username: v.optional(
      v.union([userName, secret], 'must be a text without colons or { "secret": "NAME" }'),
    ),
    password: v.optional(secret),
    token: v.optional(secret),
  }, objectRule),
);

const upstream = v.pipe(
  record,
  v.strictObject({
    name,
    origin: anyText,
    prefix: v.optional(anyText),
    host: v.optional(host),
    default: v.optional(flag, false),
    credentials: v.optional(credentials),
    tokenOrigins: v.optional(list(anyText)),
    blobOrigins: v.optional(list(anyText)),
    uploadOrigins: v.optional(list(anyText)),
    insecure: v.optional(flag, false),
    profile: v.optional(name),
  }, objectRule),
);

const token = v.pipe(
  record,
  v.strictObject({
    name,
    sha256: text(
      "must be the SHA-256 of the token: 64 lower-case hex characters",
      /^[0-9a-f]{64}$/,
    ),
    allow: list(anyText),
  }, objectRule),
);

const access = v.pipe(
  record,
  v.strictObject({
    anonymous: v.optional(list(anyText), []),
    tokens: v.optional(list(token), []),
  }, objectRule),
);

const DAY_SECONDS = 86_400;

function seconds(most: number): v.GenericSchema<unknown, number> {
  return wholeNumber(0, most, `must be a whole number of seconds between 0 and ${most}`);
}

const MOST_RESERVED = 1_000_000; // more than any registry allows in a window
const reserveRule = `must be a whole number between 0 and ${MOST_RESERVED}`;
const RESERVE = 10; // a tenth of what Docker Hub allows nobody in 6 hours

/** Of `blobs` only the value that means "off" is accepted until the door has such a cache. */
const cache = v.pipe(
  record,
  v.strictObject({
    blobs: v.optional(v.literal("off", 'must be "off": tidegate implements no cache of blobs')),
    tagTtlSeconds: v.optional(seconds(DAY_SECONDS), 0),
    staleIfErrorSeconds: v.optional(seconds(30 * DAY_SECONDS), 0),
    pullReserve: v.optional(
      v.pipe(
        v.number(reserveRule),
        v.safeInteger(reserveRule),
        v.minValue(0, reserveRule),
        v.maxValue(MOST_RESERVED, reserveRule),
      ),
      RESERVE,
    ),
  }, objectRule),
);

const LARGEST_MANIFEST_LIMIT_BYTES = 16 * 1024 * 1024; // one is held in memory per request
const manifestRule =
  `must be a whole number of bytes between 1024 and ${LARGEST_MANIFEST_LIMIT_BYTES}`;

/** Cloudflare takes requests of up to 100 MB on its smaller plans; 95 MiB are 99.6 MB. */
const CHUNK_BYTES = 95 * 1024 * 1024;
const SMALLEST_CHUNK_LIMIT_BYTES = 1024 * 1024; // below, an image would be thousands of requests
const LARGEST_CHUNK_LIMIT_BYTES = 4 * 1024 * 1024 * 1024;
const chunkRule =
  `must be 0, or a whole number of bytes between ${SMALLEST_CHUNK_LIMIT_BYTES} and ${LARGEST_CHUNK_LIMIT_BYTES}`;

function isChunkLimit(bytes: number): boolean {
  return bytes === 0 || (bytes >= SMALLEST_CHUNK_LIMIT_BYTES && bytes <= LARGEST_CHUNK_LIMIT_BYTES);
}

const limits = v.pipe(
  record,
  v.strictObject({
    manifestBytes: v.optional(
      wholeNumber(1024, LARGEST_MANIFEST_LIMIT_BYTES, manifestRule),
      MAX_MANIFEST_BYTES,
    ),
    chunkBytes: v.optional(
      v.pipe(
        v.number(chunkRule),
        v.safeInteger(chunkRule),
        v.check(isChunkLimit, chunkRule),
      ),
      CHUNK_BYTES,
    ),
  }, objectRule),
);

const sender = {
  upstream: name,
  secret: v.optional(secret),
  secrets: v.optional(list(secret)),
};

const MOST_PER_MINUTE = 60_000; // each asks the registry once
const perMinuteRule = `must be a whole number between 1 and ${MOST_PER_MINUTE}`;

const webhooks = v.pipe(
  record,
  v.strictObject({
    path: v.optional(
      text(
        "must be parts of a-z, 0-9 and -, each after a /, and not /v2",
        /^(?!\/v2(?:\/|$))(?:\/[a-z0-9][a-z0-9-]*)+$/,
      ),
      "/hooks",
    ),
    events: v.optional(
      v.picklist(["queue", "console", "off"], "must be queue, console or off"),
    ),
    perMinute: v.optional(
      wholeNumber(1, MOST_PER_MINUTE, perMinuteRule),
      600,
    ),
    dockerHub: v.exactOptional(v.pipe(
      record,
      v.strictObject(
        { ...sender, callbackOrigins: v.optional(list(anyText), []) },
        objectRule,
      ),
    )),
    github: v.exactOptional(v.pipe(record, v.strictObject(sender, objectRule))),
  }, objectRule),
);

/** The shape of the configuration. Rules that span several keys are in `front_door_config.ts`. */
export const frontDoorSchema: v.GenericSchema<unknown, FrontDoorConfig> = v.pipe(
  record,
  v.strictObject({
    upstreams: v.optional(list(upstream), []),
    hosts: v.optional(list(host), []),
    access: v.optional(access, {}),
    ranges: v.optional(
      v.picklist(["verified", "pass", "off"], "must be verified, pass or off"),
      "verified",
    ),
    sealingKeys: v.optional(list(secret), []),
    cors: v.optional(
      v.pipe(record, v.strictObject({ origins: v.optional(list(anyText), []) }, objectRule)),
      {},
    ),
    cache: v.optional(cache, {}),
    limits: v.optional(limits, {}),
    webhooks: v.optional(webhooks),
  }, objectRule),
);
