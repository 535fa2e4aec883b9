/**
 * The front door as a Cloudflare Worker.
 *
 * In: the variable `TIDEGATE_CONFIG`, secrets by the names in it, Workers KV bound as `TOKENS`,
 * Durable Objects of `UploadCheckpoint` bound as `UPLOADS` and of `WebhookDeliveries` bound as
 * `DELIVERIES`, a Queue bound as `EVENTS`, an Analytics Engine data set as `METRICS`.
 * Out: a registry API under `/v2/`, and the address of webhooks. Next: `front_door.ts`.
 * @module
 */
import "../hash/workerd.ts";
import {
  analyticsEngineMetrics,
  consoleSink,
  joinObservers,
  metricsObserver,
} from "../observability/mod.ts";
import { createClosedDoor, reportConfiguration } from "./closed_door.ts";
import { readEnvironment } from "./env.ts";
import { createFrontDoor } from "./front_door.ts";
import type { ExecutionContextLike, FrontDoor } from "./options.ts";

export { WebhookDeliveries } from "../webhook/mod.ts";
export { UploadCheckpoint } from "./upload_checkpoint.ts";

let door: FrontDoor | undefined;

const worker: FrontDoor = {
  fetch(request: Request, env?: unknown, ctx?: ExecutionContextLike): Promise<Response> {
    door ??= openDoor(env);
    return door.fetch(request, env, ctx);
  },
};

export default worker;

/** One door per isolate. Without configuration it reaches nothing; with a broken one it stays closed. */
function openDoor(env: unknown): FrontDoor {
  const { config, metrics } = readEnvironment(env);
  const measure = metrics && metricsObserver(analyticsEngineMetrics(metrics));
  const observer = joinObservers(consoleSink(), measure);
  try {
    return createFrontDoor(config ?? {}, { observer });
  } catch (error) {
    reportConfiguration(observer, error);
    return createClosedDoor();
  }
}
