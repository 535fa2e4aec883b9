import { decodeUtf8 } from "../../core/mod.ts";
import {
  registryPlaces,
  syncImages,
  type SyncOptions,
  type SyncPlan,
  type SyncReport,
} from "../../copy/mod.ts";
import { tryParseReference } from "../../reference/mod.ts";
import { parseSyncSettings } from "../../settings/mod.ts";
import { listCatalog } from "../catalog.ts";
import type { Command, CommandContext } from "../command.ts";
import { assertOneRegistry } from "../credentials.ts";
import { EXIT } from "../exit_code.ts";
import { formatBytes, formatDuration } from "../format.ts";
import { openClient } from "../open_client.ts";
import { CACHE_OPTIONS, REGISTRY_OPTIONS } from "../options.ts";
import { showProgress } from "../progress.ts";
import { COMPANION_OPTIONS, companionOptions } from "../transfer.ts";
import { SYNC_SOURCE, uploadRecords } from "../upload_store.ts";
import { UsageError } from "../usage_error.ts";

const MAX_PLAN_BYTES: number = 32 * 1024; // what `parseSyncSettings` takes

/** `tidegate sync`. */
export const command: Command = {
  name: "sync",
  summary: "Keep sets of images in step between registries",
  usage: "<plan-or-source> [destination]",
  details:
    "With one word, a plan in YAML; with two, the rule that the options make. Tags are chosen " +
    "by globs, an expression, a range of versions, or the newest. What is equal already costs two " +
    "requests. One image's failure does not end the others. Nothing is deleted unless --delete or " +
    "the plan says so. --username is for the destination's registry.",
  examples: [
    { does: "by a plan", line: "tidegate sync images.yaml" },
    { does: "only look", line: "tidegate sync images.yaml --dry-run" },
    {
      does: "every repository of a namespace",
      line: "tidegate sync 'old.example/acme/**' 'new.example/{repository}'",
    },
    {
      does: "the newest five of a range",
      line: "tidegate sync docker.io/library/nginx r.example/nginx --semver '^1.26' --newest 5",
    },
  ],
  options: [
    { flags: "-n, --dry-run", summary: "list and compare, write nothing" },
    { flags: "--include <glob>", summary: "tags like this" },
    { flags: "--exclude <glob>", summary: "no tags like this" },
    { flags: "--regex <expression>", summary: "tags that match this" },
    { flags: "--semver <range>", summary: "tags that are versions in this range" },
    { flags: "--newest <number>", summary: "only so many, the newest" },
    { flags: "--platform <platform>", summary: "only these platforms" },
    { flags: "--delete", summary: "delete tags at the destination that the source has no more" },
    { flags: "--images <number>", summary: "images at a time (default: 8)" },
    { flags: "--concurrency <number>", summary: "blobs at a time (default: 8; 6 on Deno and Bun)" },
    { flags: "--wait <seconds>", summary: "longest wait for a rate limit (default: 300)" },
    { flags: "--fail-fast", summary: "end at the first failure" },
    ...COMPANION_OPTIONS,
    ...CACHE_OPTIONS,
    ...REGISTRY_OPTIONS,
  ],
  run,
};

/** Options that make a rule: a plan has its own. */
const RULE_OPTIONS = ["include", "exclude", "regex", "semver", "newest", "platform"] as const;

async function run(context: CommandContext): Promise<number> {
  const { args, clock, signal } = context;
  const { options, plan } = args.length === 2 ? ruleOf(context) : await readPlan(context);
  const registries = plan.rules.map(({ to }) => registryOf(to));
  assertOneRegistry(context, registries);
  const client = await openClient(context, registries[0]);
  const places = registryPlaces(client.registry, {
    records: uploadRecords(context, SYNC_SOURCE),
    chunkBytes: client.settings.chunkBytes,
    repositories: (registry, options) => listCatalog(context, client, registry, options),
  });
  const progress = showProgress(context, "images");
  const report = await syncImages(plan, places, {
    ...options,
    ...optionsOf(context),
    signal,
    clock,
    onEvent: progress.onEvent,
  }).finally(() => progress.finish());
  await tell(context, report);
  return report.failed > 0 ? EXIT.failed : EXIT.ok;
}

/** Of a rule's destination; undefined for one that makes no sense. */
function registryOf(to: string): string | undefined {
  return tryParseReference(to.replaceAll(/\{\w+\}/g, "x"))?.registry;
}

/** What to do, and how. */
interface SyncJob {
  readonly plan: SyncPlan;
  readonly options: SyncOptions;
}

async function readPlan(context: CommandContext): Promise<SyncJob> {
  const { host, options } = context;
  const path = context.arg(0);
  const ruled = RULE_OPTIONS.find((name) => options.list(name).length > 0) ??
    (options.flag("delete") ? "delete" : undefined);
  if (ruled !== undefined) {
    throw new UsageError(`--${ruled} is a matter of the plan, not beside it`);
  }
  const bytes = await host.files.read(path, MAX_PLAN_BYTES);
  if (bytes === undefined) {
    throw new UsageError(`There is no plan ${path}; without a plan, name a destination, too`);
  }
  const { rules, ...how } = parseSyncSettings(decodeUtf8(bytes));
  return { plan: { rules }, options: how };
}

function ruleOf(context: CommandContext): SyncJob {
  const { options } = context;
  const [include, exclude, platforms] = ["include", "exclude", "platform"].map(options.list);
  const tags = {
    ...(include?.length && { include }),
    ...(exclude?.length && { exclude }),
    regex: options.text("regex"),
    semver: options.text("semver"),
    newest: options.number("newest", 1),
  };
  const rule = {
    ...{ from: context.arg(0), to: context.arg(1), tags },
    ...(platforms?.length && { platforms }),
    ...companionOptions(context),
    delete: options.flag("delete"),
  };
  return { plan: { rules: [rule] }, options: {} };
}

/** What the command line says goes before what a plan says. */
function optionsOf({ options }: CommandContext): SyncOptions {
  const [images, concurrency] = [
    options.number("images", 1, 256),
    options.number("concurrency", 1, 64),
  ];
  const seconds = options.number("wait", 0, 1800);
  return {
    dryRun: options.flag("dry-run"),
    ...(images !== undefined && { images }),
    ...(concurrency !== undefined && { concurrency }),
    ...(seconds !== undefined && { waitMs: seconds * 1000 }),
    ...(options.flag("fail-fast") && { failFast: true }),
  };
}

async function tell({ options, output }: CommandContext, report: SyncReport): Promise<void> {
  const { copied, deleted, failed, images, milliseconds, transferredBytes, unchanged } = report;
  const totals = { copied, unchanged, deleted, failed, transferredBytes, milliseconds };
  if (output.mode.json) return await output.json({ type: "result", ...totals });
  const planned = images.filter(({ outcome }) => outcome === "planned").length;
  const doomed = images.filter(({ outcome }) => outcome === "doomed").length;
  await output.line(
    options.flag("dry-run")
      ? `${planned} would be copied, ${doomed} deleted; ${unchanged} are unchanged, ${failed} failed`
      : `${copied} copied, ${unchanged} unchanged, ${deleted} deleted, ${failed} failed`,
  );
  output.note(`${formatBytes(transferredBytes)} in ${formatDuration(milliseconds)}`);
}
