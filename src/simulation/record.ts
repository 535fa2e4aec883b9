import type { Fetch } from "../core/mod.ts";
import { basicCredentials, bearerToken } from "./basic.ts";
import { writeBody } from "./record_fixture.ts";
import type {
  Fixture,
  FixtureBody,
  FixtureExchange,
  FixtureRequest,
  FixtureResponse,
} from "./record_fixture.ts";
import { createRedactor } from "./record_redact.ts";
import type { Redactor } from "./record_redact.ts";

/** What is recorded. */
export interface RecorderOptions {
  /** The way to the real thing. It must not follow redirects by itself. */
  readonly fetch: Fetch;
  /**
   * Secrets to be hidden wherever they turn up, 8 characters or more. What is sent as `Authorization`
   * and what answers call a token, a password, a secret is hidden in any case.
   */
  readonly secrets?: readonly string[];
}

/** Records what goes through it. */
export interface Recorder {
  /** Does what the given one does. Bodies are read whole before they are handed on. */
  readonly fetch: Fetch;
  /**
   * What was recorded so far.
   * @throws {TypeError} If a secret is in it all the same: inside content, which is not changed.
   */
  fixture(): Fixture;
}

/**
 * Record real traffic into a fixture without its secrets: headers that are not known to be harmless
 * are left out, values in queries, forms and API documents are hidden. Content (manifests and blobs)
 * is kept byte for byte, as its digest must stay.
 */
export function createRecorder({ fetch, secrets = [] }: RecorderOptions): Recorder {
  const redactor = createRedactor(secrets);
  const places: { exchange?: FixtureExchange }[] = [];
  return {
    async fetch(request): Promise<Response> {
      const place: { exchange?: FixtureExchange } = {};
      places.push(place); // in the order of the requests, whichever is answered first
      const sent = new Uint8Array(await request.clone().arrayBuffer());
      learnAuthorization(redactor, request.headers.get("authorization"));
      const response = await fetch(request);
      const { status, headers } = response;
      const bytes = new Uint8Array(await response.arrayBuffer());
      place.exchange = {
        request: await describeRequest(request, sent, redactor),
        response: await describeResponse(request, { status, headers, bytes }, redactor),
      };
      return new Response(response.body === null ? null : bytes, { status, headers });
    },
    fixture(): Fixture {
      const exchanges = places.flatMap(({ exchange }) => exchange ?? []);
      const leaks = redactor.findIn(JSON.stringify(exchanges));
      if (leaks === 0) return { version: 1, exchanges };
      throw new TypeError("A secret is in the recorded content: record other content");
    },
  };
}

function learnAuthorization(redactor: Redactor, header: string | null): void {
  if (header === null) return;
  redactor.learn(header.slice(header.indexOf(" ") + 1));
  redactor.learn(bearerToken(header) ?? basicCredentials(header)?.password ?? "");
}

/** A request as a fixture holds it. Replaying compares what this makes of a request. */
export async function describeRequest(
  { method, url, headers }: Request,
  bytes: Uint8Array<ArrayBuffer>,
  redactor: Redactor,
): Promise<FixtureRequest> {
  const body = await describeBody({ url, headers, bytes }, redactor, true);
  return {
    method,
    url: redactor.url(url),
    headers: redactor.headers(headers),
    ...(body && { body }),
  };
}

interface Message {
  readonly headers: Headers;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

async function describeResponse(
  { url }: Request,
  message: Message & { readonly status: number },
  redactor: Redactor,
): Promise<FixtureResponse> {
  const body = await describeBody({ ...message, url }, redactor, false);
  const headers = redactor.headers(message.headers);
  const isChanged = body !== undefined && "text" in body &&
    body.text !== new TextDecoder().decode(message.bytes);
  if (isChanged) delete headers["content-length"];
  return { status: message.status, headers, ...(body && { body }) };
}

/** Where the body is content, or a part of some: its digest is what counts. */
const CONTENT = /\/v2\/.+\/(?:manifests|blobs)\//;

async function describeBody(
  { url, headers, bytes }: Message & { readonly url: string },
  redactor: Redactor,
  isRequest: boolean,
): Promise<FixtureBody | undefined> {
  const body = await writeBody(bytes, isRequest);
  if (body === undefined || !("text" in body) || CONTENT.test(new URL(url).pathname)) return body;
  return { text: redactor.text(body.text, headers.get("content-type")) };
}
