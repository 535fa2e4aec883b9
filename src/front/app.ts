import { Hono } from "hono";
import { encodeUtf8 } from "../core/mod.ts";
import { type Answer, bytesAnswer } from "./answer.ts";
import { refuse } from "./error_answer.ts";
import type { ExecutionContextLike } from "./options.ts";

/** Answers one request of the registry API. */
export type ApiHandler = (
  request: Request,
  env: unknown,
  context: ExecutionContextLike | undefined,
) => Promise<Response>;

/** A further part of the door, below a path of its own. */
export interface AppMount {
  /** `/hooks`. */
  readonly path: string;
  readonly handle: ApiHandler;
}

/** Makes a response of an answer that needs no upstream. */
export type PlainResponder = (answer: Answer, request: Request) => Response;

type Environment = { Bindings: Readonly<Record<string, unknown>> };

/**
 * The door's Hono app, to be served or mounted. It only dispatches: which repository a path under
 * `/v2/` means is decided by one parser, not by route patterns.
 *
 * `/` says what this is, in a fixed text. Everything else is not found; no route answers HTML.
 *
 * @param mount What is served besides, if anything.
 */
export function createApp(
  api: ApiHandler,
  plain: PlainResponder,
  mount?: AppMount,
): Hono<Environment> {
  const app = new Hono<Environment>({ strict: true });
  app.all("/v2/*", (c) => api(c.req.raw, c.env, executionContext(() => c.executionCtx)));
  if (mount !== undefined) {
    const { path, handle } = mount;
    app.all(`${path}/*`, (c) => handle(c.req.raw, c.env, executionContext(() => c.executionCtx)));
  }
  app.get("/", (c) => plain(aboutAnswer(), c.req.raw));
  app.notFound((c) => plain(refuse("unknownEndpoint"), c.req.raw));
  return app;
}

function aboutAnswer(): Answer {
  return bytesAnswer(
    200,
    { "content-type": "application/json" },
    encodeUtf8(JSON.stringify({ name: "tidegate", api: "/v2/" })),
  );
}

/** Hono throws where there is no context, as on Node. */
function executionContext(read: () => ExecutionContextLike): ExecutionContextLike | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
