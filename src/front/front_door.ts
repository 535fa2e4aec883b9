import { parseFrontDoorConfig } from "../settings/mod.ts";
import { answerApi } from "./api.ts";
import { createApp } from "./app.ts";
import { reportConfiguration } from "./closed_door.ts";
import { readEnvironment } from "./env.ts";
import { refuse } from "./error_answer.ts";
import type { FrontDoor, FrontDoorOptions } from "./options.ts";
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
  let bound: DoorServices | undefined;
  const app = createApp(
    async (request, env, context) => {
      bound ??= createServices(settings, readEnvironment(env), options);
      return respond(await answerApi(request, bound, context), request, origins);
    },
    (answer, request) => respond(answer, request, origins),
  );
  app.onError((error, c) => {
    reportConfiguration(options.observer ?? (() => {}), error);
    return respond(refuse("broken"), c.req.raw, origins);
  });
  return {
    fetch: async (request, env, ctx) => await app.fetch(request, env as never, ctx as never),
  };
}
