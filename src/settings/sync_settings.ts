import * as v from "valibot";
import { configurationError } from "./configuration_error.ts";
import { deepFreeze } from "./deep_freeze.ts";
import { parseYaml } from "./yaml_text.ts";

/** Which tags of a repository are wanted: `TagRules` of `tidegate/copy`. */
export interface TagRuleSettings {
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  readonly regex?: string;
  readonly semver?: string;
  readonly newest?: number;
}

/** One rule of a sync: `SyncRule` of `tidegate/copy`. */
export interface SyncRuleSettings {
  readonly from: string;
  readonly to: string;
  readonly tags?: TagRuleSettings;
  readonly platforms?: readonly string[];
  readonly referrers?: boolean | readonly string[];
  readonly digestTags?: boolean;
  readonly delete?: boolean;
}

/** A sync as a file says it: the plan, and options of `syncImages`. */
export interface SyncSettings {
  readonly rules: readonly SyncRuleSettings[];
  /** `parallel.images` */
  readonly images?: number;
  /** `parallel.blobs` */
  readonly concurrency?: number;
  /** `wait_seconds`, in milliseconds. */
  readonly waitMs?: number;
  /** `fail_fast` */
  readonly failFast?: boolean;
}

const MAX_RULES = 1000;
const MAX_PATTERNS = 1000;
const MAX_TEXT_LENGTH = 1024;

const anyText = v.pipe(
  v.string("must be a text"),
  v.check((text) => text.length > 0 && text.length <= MAX_TEXT_LENGTH, lengthRule()),
);
const flag = v.boolean("must be true or false");
const texts = v.pipe(
  v.array(anyText, "must be a list of texts"),
  v.maxLength(MAX_PATTERNS, `must have at most ${MAX_PATTERNS} entries`),
);

function lengthRule(): string {
  return `must have 1 to ${MAX_TEXT_LENGTH} characters`;
}

function count(most: number): v.GenericSchema<unknown, number> {
  const rule = `must be a whole number between 1 and ${most}`;
  return v.pipe(v.number(rule), v.safeInteger(rule), v.minValue(1, rule), v.maxValue(most, rule));
}

/** Valibot's own sentences may quote a value. */
function object<T extends v.ObjectEntries>(
  entries: T,
): v.GenericSchema<unknown, v.InferOutput<v.StrictObjectSchema<T, undefined>>> {
  const isRecord = (value: unknown): boolean =>
    typeof value === "object" && value !== null && !Array.isArray(value);
  return v.pipe(
    v.custom<Record<string, unknown>>(isRecord, "must be a mapping of keys"),
    v.strictObject(
      entries,
      ({ expected }) =>
        expected === "never" ? "is not a key that tidegate implements" : "is required",
    ),
  ) as never;
}

const tags = object({
  include: v.optional(texts),
  exclude: v.optional(texts),
  regex: v.optional(anyText),
  semver: v.optional(anyText),
  newest: v.optional(count(1_000_000)),
});

const SHARED = {
  tags: v.optional(tags),
  platforms: v.optional(texts),
  referrers: v.optional(v.union([flag, texts], "must be true, false or a list of artifact types")),
  digest_tags: v.optional(flag),
  delete: v.optional(flag),
};

const schema = object({
  rules: v.pipe(
    v.array(object({ from: anyText, to: anyText, ...SHARED }), "must be a list of rules"),
    v.minLength(1, "must have a rule"),
    v.maxLength(MAX_RULES, `must have at most ${MAX_RULES} rules`),
  ),
  defaults: v.optional(object(SHARED)),
  parallel: v.optional(object({ images: v.optional(count(256)), blobs: v.optional(count(64)) })),
  wait_seconds: v.optional(count(1800)),
  fail_fast: v.optional(flag),
});

/**
 * Read what is to be kept in step, out of YAML or JSON. `defaults` hold for every rule that does not
 * say otherwise. What the texts of a rule mean is for `syncImages` to check.
 *
 * @returns Settings, frozen all the way down: the plan and the options of `syncImages` in one.
 * @throws {TidegateError} CONFIGURATION when a key is unknown or breaks its rule. The message names
 * the key, the kind of its value and the rule, never the value.
 */
export function parseSyncSettings(text: string): SyncSettings {
  const value = parseYaml(text);
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (!result.success) {
    const [issue] = result.issues;
    const last = issue.path?.at(-1);
    const path = (issue.path ?? []).map(({ key }) => key);
    throw configurationError(keyOf(path), last === undefined ? value : last.value, issue.message);
  }
  const { defaults, fail_fast: failFast, parallel, rules, wait_seconds: waitSeconds } =
    result.output;
  return deepFreeze<SyncSettings>({
    rules: rules.map((rule) => toRule({ ...defaults, ...rule })),
    ...(parallel?.images !== undefined && { images: parallel.images }),
    ...(parallel?.blobs !== undefined && { concurrency: parallel.blobs }),
    ...(waitSeconds !== undefined && { waitMs: waitSeconds * 1000 }),
    ...(failFast !== undefined && { failFast }),
  });
}

type RuleConfig = v.InferOutput<typeof schema>["rules"][number];

function toRule({ digest_tags: digestTags, ...rule }: RuleConfig): SyncRuleSettings {
  const named = { ...rule, digestTags };
  const given = Object.entries(named).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as unknown as SyncRuleSettings;
}

function keyOf(path: readonly unknown[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === "number") return `${text}[${key}]`;
    return text === "" ? String(key) : `${text}.${String(key)}`;
  }, "");
}
