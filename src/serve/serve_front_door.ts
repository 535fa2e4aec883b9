import { systemClock, TidegateError } from "../core/mod.ts";
import { processVariables } from "./process_node.ts";
import { createFrontDoor, type FrontDoorOptions } from "../front/mod.ts";
import { openSqlite, type SqliteDatabase, sqliteKv } from "../kv/sqlite_node.ts";
import { joinObservers, type Observer } from "../observability/mod.ts";
import { readFrontDoorText } from "../settings/mod.ts";
import { type HttpServerOptions, listenHttp } from "./http_server_node.ts";
import { sqliteCheckpoints } from "./sqlite_checkpoints.ts";
import { sqliteDeliveries } from "./sqlite_deliveries.ts";

/** What {@linkcode serveFrontDoor} takes besides the configuration. All optional. */
export interface ServeOptions
  extends Omit<HttpServerOptions, "clock">, Omit<FrontDoorOptions, "kv" | "cache"> {
  /**
   * A SQLite file for sealed tokens, manifests, uploads that broke off and webhooks that came: what a
   * restart would lose otherwise. Default is memory.
   */
  readonly kv?: string | undefined;
  /** Secrets by their names in the configuration. Default is the environment of the process. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}

/** A front door that is open. */
export interface ServedFrontDoor {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  readonly port: number;
  /**
   * Take no more connections, let open transfers end, then break what is left. Resolves when nothing
   * is left running. Called again, it only waits.
   *
   * @param graceMs How long transfers may take, in milliseconds. Default is 10,000.
   */
  close(graceMs?: number): Promise<void>;
}

/**
 * Serve a front door on Node, Deno or Bun. What Workers keep in Durable Objects is in this process's
 * memory, or in the SQLite file.
 *
 * @param config The configuration: JSON or YAML as text, or parsed.
 * @throws {TidegateError} CONFIGURATION when the configuration breaks a rule, a secret is missing or
 * unfit, or the SQLite file cannot be used.
 * @throws {Error} When it cannot listen: EADDRINUSE, EACCES.
 *
 * @example
 * ```ts
 * import { serveFrontDoor } from "tidegate/serve";
 *
 * const door = await serveFrontDoor({
 *   upstreams: [{ name: "hub", origin: "https://registry-1.docker.io", default: true }],
 *   access: { anonymous: ["hub/library/**:pull"] },
 * }, { port: 8787, kv: "tidegate.db" });
 * console.log(door.url);
 * ```
 */
export async function serveFrontDoor(
  config: unknown,
  options: ServeOptions = {},
): Promise<ServedFrontDoor> {
  const parsed = typeof config === "string" ? readFrontDoorText(config) : config;
  const database = options.kv === undefined ? undefined : openSqlite(options.kv);
  try {
    const handle = await openDoor(parsed, database, options);
    const server = await listenHttp(handle, options);
    let closed: Promise<void> | undefined;
    return {
      url: server.url,
      port: server.port,
      close: (graceMs) => closed ??= server.close(graceMs).finally(() => database?.close()),
    };
  } catch (error) {
    database?.close();
    throw error;
  }
}

type Handle = Parameters<typeof listenHttp>[0];

async function openDoor(
  config: unknown,
  database: SqliteDatabase | undefined,
  { env = processVariables(), kv: _, ...options }: ServeOptions,
): Promise<Handle> {
  const rejection = watchConfiguration();
  const door = createFrontDoor(config, {
    ...database && storesIn(database, options.clock ?? systemClock),
    ...options,
    observer: joinObservers(options.observer, rejection.observer),
  });
  // a door binds its secrets at its first request: what is wrong with them shows here, not later
  await door.fetch(new Request("http://127.0.0.1/v2/"), env);
  rejection.assertNone();
  return (request, context) => door.fetch(request, env, context);
}

function storesIn(
  database: SqliteDatabase,
  clock: NonNullable<FrontDoorOptions["clock"]>,
): Pick<FrontDoorOptions, "kv" | "cache" | "checkpoints" | "deliveries"> {
  const kv = sqliteKv(database, { clock });
  return {
    ...{ kv, cache: kv }, // their keys differ
    checkpoints: sqliteCheckpoints(database, clock),
    deliveries: sqliteDeliveries(database, clock),
  };
}

interface ConfigurationWatch {
  readonly observer: Observer;
  /** @throws {TidegateError} CONFIGURATION, as the observer was told. */
  assertNone(): void;
}

function watchConfiguration(): ConfigurationWatch {
  let rejected: { readonly key: string; readonly reason: string } | undefined;
  return {
    observer: (event) => {
      if (event.type === "configuration.rejected") rejected = event;
    },
    assertNone(): void {
      if (rejected === undefined) return;
      const { key, reason } = rejected;
      const message = `The secret ${key} ${reason}: it is taken from the environment`;
      throw new TidegateError("CONFIGURATION", message, { key, reason });
    },
  };
}
