import { Secret, TidegateError } from "../core/mod.ts";
import type { WorkersKvNamespace } from "../kv/workers.ts";
import type { AnalyticsEngineDataset } from "../observability/mod.ts";
import type { SecretReference } from "../settings/mod.ts";
import type { DeliveriesNamespace, QueueBinding } from "../webhook/mod.ts";
import type { DurableNamespace } from "./upload_checkpoint.ts";

/** Name of the variable that holds the configuration: JSON text, or a JSON value. */
export const CONFIG_VARIABLE = "TIDEGATE_CONFIG";

/** Name of the Workers KV binding for sealed tokens. Optional: without it tokens stay in memory. */
export const TOKENS_BINDING = "TOKENS";

/** Name of the binding for Durable Objects that keep hashes of uploads. Optional. */
export const UPLOADS_BINDING = "UPLOADS";

/** Name of the binding for the Durable Object that remembers webhooks. Optional. */
export const DELIVERIES_BINDING = "DELIVERIES";

/** Name of the binding for the Cloudflare Queue that gets the events of webhooks. Optional. */
export const EVENTS_BINDING = "EVENTS";

/** Name of the binding of a Workers Analytics Engine data set for metrics. Optional. */
export const METRICS_BINDING = "METRICS";

/** What the door takes from its environment. */
export interface DoorEnvironment {
  /** Undefined when there is none. */
  readonly config: unknown;
  readonly tokens: WorkersKvNamespace | undefined;
  readonly uploads: DurableNamespace | undefined;
  readonly deliveries: DeliveriesNamespace | undefined;
  readonly events: QueueBinding | undefined;
  readonly metrics: AnalyticsEngineDataset | undefined;
  /**
   * Look a secret up.
   * @throws {TidegateError} CONFIGURATION when the environment does not have it.
   */
  secret(reference: SecretReference): Secret;
}

/** Read a Worker's `env`, or an object of environment variables. Nothing is written to it. */
export function readEnvironment(env: unknown): DoorEnvironment {
  const bindings: Readonly<Record<string, unknown>> = isRecord(env) ? env : {};
  const tokens = bindings[TOKENS_BINDING];
  const uploads = bindings[UPLOADS_BINDING];
  const deliveries = bindings[DELIVERIES_BINDING];
  const events = bindings[EVENTS_BINDING];
  const metrics = bindings[METRICS_BINDING];
  return {
    config: bindings[CONFIG_VARIABLE],
    tokens: isKvNamespace(tokens) ? tokens : undefined,
    uploads: isDurableNamespace(uploads) ? uploads : undefined,
    deliveries: isDurableNamespace(deliveries) ? deliveries : undefined,
    events: isQueue(events) ? events : undefined,
    metrics: isDataset(metrics) ? metrics : undefined,
    secret: ({ secret: name }) => {
      const value = bindings[name];
      if (typeof value === "string" && value !== "") return new Secret(value);
      throw new TidegateError("CONFIGURATION", `The secret ${name} is not in the environment`, {
        key: name,
        reason: "must be set",
      });
    },
  };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function isKvNamespace(value: unknown): value is WorkersKvNamespace {
  return hasMethods(value, ["get", "put", "delete"]);
}

function isDurableNamespace(value: unknown): value is DurableNamespace {
  return hasMethods(value, ["idFromName", "get"]);
}

function isQueue(value: unknown): value is QueueBinding {
  return hasMethods(value, ["send"]);
}

function isDataset(value: unknown): value is AnalyticsEngineDataset {
  return hasMethods(value, ["writeDataPoint"]);
}

function hasMethods(value: unknown, names: readonly string[]): boolean {
  return isRecord(value) && names.every((name) => typeof value[name] === "function");
}
