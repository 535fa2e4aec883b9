/**
 * The front door as a server of its own, on Node, Deno and Bun.
 *
 * In: a configuration, a port, a SQLite file. Out: a registry API over HTTP or HTTPS. Next: registry
 * clients.
 * @module
 */
export {
  type HttpHandler,
  type HttpServer,
  type HttpServerOptions,
  type HttpTimeouts,
  listenHttp,
} from "./http_server_node.ts";
export { type ServedFrontDoor, serveFrontDoor, type ServeOptions } from "./serve_front_door.ts";
