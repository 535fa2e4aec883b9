import type { Finding } from "./leak_world.ts";
import type { Mutant } from "./mutant_node.ts";

/** A check taken out of the front door, and what must then be found. */
export interface DoorMutant extends Mutant {
  readonly finds: Finding["kind"];
  /** Whether it shows where something is written. */
  readonly writes?: boolean;
}

export const DOOR_MUTANTS: readonly DoorMutant[] = [
  {
    name: "the upstream's headers are handed on",
    file: "front/serve_manifest.ts",
    edits: [[
      "bytesAnswer(200, manifestHeaders(mediaType, digest), bytes)",
      `bytesAnswer(200, {
        ...Object.fromEntries(response.headers), ...manifestHeaders(mediaType, digest),
      }, bytes)`,
    ]],
    finds: "shown",
  },
  {
    name: "the error's own message is shown",
    file: "front/error_answer.ts",
    edits: [[
      `return refuse(error.code === "NOT_FOUND" ? notFound : BY_CODE[error.code], headers);`,
      "return bytesAnswer(502, headers ?? {}, encodeUtf8(error.message)); void notFound;",
    ]],
    finds: "shown",
  },
  {
    name: "the caller's headers are handed on",
    file: "front/exchange.ts",
    edits: [[
      "const response = await door.send(request);",
      `const { headers: callers } = arguments[0].request;
       const headers = { ...Object.fromEntries(callers), ...request.headers };
       const response = await door.send({ ...request, headers });`,
    ]],
    finds: "secret",
  },
  {
    name: "the upstream's Location of a push is handed on",
    file: "front/serve_push_manifest.ts",
    edits: [
      ["{ digest, subject: listed }", "{ digest, subject: listed, location }"],
      ["`/v2/${name}/manifests/${digest}${query}`", '(void name, void query, location ?? "")'],
    ],
    finds: "shown",
    writes: true,
  },
  {
    name: "the query of a next page is handed on wherever it points",
    file: "front/page_link.ts",
    edits: [[
      `const { url } = askOrigin({ upstream, observer }, "link", from, next);`,
      "const url = next; void askOrigin; void upstream; void observer; void from;",
    ]],
    finds: "shown",
  },
];
