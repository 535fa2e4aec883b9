import { excerpt, TidegateError } from "../core/mod.ts";
import { isRepositoryName, type Reference, tryParseReference } from "../reference/mod.ts";
import { createTagChooser, type TagChooser } from "./choose_tags.ts";
import { isGlob } from "./glob.ts";
import type { SyncDestination, SyncPlaces, SyncSource } from "./sync_options.ts";
import type { SyncPlan, SyncRule } from "./sync_plan.ts";

/** A repository, as in a reference. */
export type Repository = Pick<Reference, "registry" | "repository">;

/** A rule that was read: what it names, and how it chooses. */
export interface ReadRule {
  readonly rule: SyncRule;
  readonly source: SyncSource;
  readonly destination: SyncDestination;
  /** Its repository may be a glob. */
  readonly from: Repository;
  readonly chooser: TagChooser;
  /** Where a repository of the source goes to. */
  readonly target: (repository: string) => Repository;
}

/**
 * Read all rules of a plan.
 * @throws {TidegateError} CONFIGURATION naming the key.
 */
export function readPlan({ rules }: SyncPlan, places: SyncPlaces): readonly ReadRule[] {
  return rules.map((rule, i) => {
    try {
      return readRule(rule, places);
    } catch (error) {
      if (!(error instanceof TidegateError) || error.code !== "CONFIGURATION") throw error;
      const { key, reason } = error.details as { key: string; reason: string };
      throw invalid(`rules[${i}].${key}`, reason);
    }
  });
}

function readRule(rule: SyncRule, places: SyncPlaces): ReadRule {
  const from = readFrom(rule.from);
  const target = readTo(rule.to, isGlob(from.repository));
  const some = isGlob(from.repository) ? "name" : from.repository;
  const chooser = createTagChooser(rule.tags);
  const source = places.source(from.registry);
  return {
    rule,
    source,
    destination: places.destination(target(some).registry),
    from,
    chooser,
    target,
  };
}

function readFrom(text: string): Repository {
  if (!isGlob(text)) return parseRepository(text, "from");
  const [, host = "", pattern = ""] = /^([^/]+)\/(.+)$/s.exec(text) ?? [];
  const { registry } = parseRepository(`${host}/name`, "from");
  // as a name it must do once every glob stands for something
  const isName = isRepositoryName(pattern.replaceAll(/\*+|\?/g, "x"));
  if (!/[.:]|^localhost$/.test(host) || !isName) {
    throw invalid("from", `must be REGISTRY/REPOSITORY, not "${excerpt(text, 64)}"`);
  }
  return { registry, repository: pattern };
}

function readTo(text: string, needsPlaceholder: boolean): (repository: string) => Repository {
  const fill = (repository: string): Repository => {
    const name = repository.split("/").at(-1) ?? repository;
    const filled = text.replaceAll("{repository}", repository).replaceAll("{name}", name);
    return parseRepository(filled, "to");
  };
  if (needsPlaceholder && !/\{(repository|name)\}/.test(text)) {
    throw invalid("to", "must have {repository} or {name} where from is a glob");
  }
  fill("name");
  return fill;
}

function parseRepository(text: string, key: string): Repository {
  const reference = tryParseReference(text);
  const isWhole = reference?.digest === undefined && !/:[^/]*$/.test(text);
  if (reference !== undefined && isWhole) {
    return { registry: reference.registry, repository: reference.repository };
  }
  throw invalid(key, `must be REGISTRY/REPOSITORY without a tag, not "${excerpt(text, 64)}"`);
}

function invalid(key: string, reason: string): TidegateError<"CONFIGURATION"> {
  return new TidegateError("CONFIGURATION", `${key} ${reason}`, { key, reason });
}
