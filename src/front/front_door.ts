import { type FrontDoorSettings, parseFrontDoorConfig } from "../settings/mod.ts";
import type { WebhookReceiver } from "../webhook/mod.ts";
import { answerApi } from "./api.ts";
import { createApp } from "./app.ts";
import { bindWebhooks } from "./bind_webhooks.ts";
import { reportConfiguration } from "./closed_door.ts";
import { readEnvironment } from "./env.ts";
import { refuse } from "./error_answer.ts";
import type { FrontDoor, FrontDoorOptions } from "./options.ts";
import { receiveWebhook } from "./receive_webhook.ts";
import { respond } from "./respond.ts";
import { createServices, type DoorServices } from "./services.ts";

/**
 * Make a front door: a registry API before the configured upstreams.
 *
 * It routes by prefix, host and `?ns=`, denies what no rule of `access` allows, and passes on only
 * what it verified: a client never receives a complete wrong manifest, blob or range. A transfer
 * that breaks on the upstream's side goes on inside the same answer.
 *
 * @param config The configuration, as JSON text or parsed; its keys are in the README.
 * @param options Ports to replace: `fetch`, clock, store, hash.
 * @throws {TidegateError} CONFIGURATION when the configuration breaks a rule. A secret that is missing
 * from the environment shows at the first request: the door then answers 503 to everything.
 *
 * @example On Workers
 * ```ts
 * import { createFrontDoor } from "tidegate/front";
 *
 * export default createFrontDoor({
 *   upstreams: [{ name: "hub", origin: "https://registry-1.docker.io", default: true }],
 *   access: { anonymous: ["hub/library/**:pull"] },
 * });
 * ```
 */
export function createFrontDoor(config: unknown, options: FrontDoorOptions = {}): FrontDoor {
  const settings = parseFrontDoorConfig(config);
  const { origins } = settings.cors;
  let bound: BoundDoor | undefined;
  const bind = (env: unknown): BoundDoor => bound ??= bindDoor(settings, env, options);
  const app = createApp(
    async (request, env, context) =>
      respond(await answerApi(request, bind(env).services, context), request, origins),
    (answer, request) => respond(answer, request, origins),
    settings.webhooks && {
      path: settings.webhooks.path,
      handle: async (request, env, context) => {
        const { services, receiver } = bind(env);
        return respond(await receiveWebhook(request, services, receiver, context), request, []);
      },
    },
  );
  app.onError((error, c) => {
    reportConfiguration(options.observer ?? (() => {}), error);
    return respond(refuse("broken"), c.req.raw, origins);
  });
  return {
    fetch: async (request, env, ctx) => await app.fetch(request, env as never, ctx as never),
  };
}

/** What is made when the environment is known. */
interface BoundDoor {
  readonly services: DoorServices;
  readonly receiver: WebhookReceiver | undefined;
}

function bindDoor(settings: FrontDoorSettings, env: unknown, options: FrontDoorOptions): BoundDoor {
  const environment = readEnvironment(env);
  const services = createServices(settings, environment, options);
  return { services, receiver: bindWebhooks(services, environment, options) };
}
