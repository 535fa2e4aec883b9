import { type Clock, systemClock } from "../core/mod.ts";
import type { OperationName, RequestFacts, TidegateEvent } from "./event.ts";
import type { Observer } from "./observe.ts";

/** What a span says of its work. Undefined values are left out. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** Where spans go. Times are in milliseconds since the epoch and may lie in the past. */
export interface SpanSink<Span> {
  /** Begin a span. Without a parent it is a child of whatever span is active. */
  begin(name: string, at: number, attributes: SpanAttributes, parent: Span | undefined): Span;
  /** End it. `error` is a code, when the work failed. */
  end(span: Span, at: number, attributes: SpanAttributes, error?: string): void;
}

/** Options of {@linkcode spanObserver}. */
export interface SpanObserverOptions {
  /** Default is the runtime's clock. */
  readonly clock?: Clock | undefined;
  /** Most operations and requests followed at a time; the oldest is let go. Default is 10 000. */
  readonly maxOpen?: number | undefined;
}

const OPERATIONS: Readonly<Record<OperationName, string>> = {
  "manifest.get": "docker.manifest.get",
  "blob.get": "docker.blob.download",
  "blob.put": "docker.blob.upload",
  "auth.login": "docker.auth.login",
};

/** Steps of an operation have names of their own; every other request is `docker.request`. */
const STEPS: Readonly<Partial<Record<`${OperationName} ${string} ${string}`, string>>> = {
  "blob.get blob GET": "docker.blob.attempt",
  "blob.put upload POST": "docker.blob.initiate",
  "blob.put upload PATCH": "docker.blob.chunk",
  "blob.put upload PUT": "docker.blob.complete",
};

const MAX_ANSWERED = 256; // a page is read right after its answer

interface OpenOperation<Span> {
  readonly span: Span;
  readonly name: OperationName;
  hasToken: boolean;
  /** When the last body of its requests ended. */
  bodyEndedAt: number;
}

interface OpenRequest<Span> {
  readonly id: number;
  readonly span: Span;
  readonly operation: OpenOperation<Span> | undefined;
  readonly sentAt: number;
  queuedMs: number;
  isAdmitted: boolean;
  /** Absent until it is answered. */
  status: number | undefined;
  /** Exchanges whose bodies have not ended. */
  open: number;
}

interface OpenExchange<Span> {
  readonly span: Span;
  /** From the answer's head to the end of its body. */
  body: Span | undefined;
  readonly within: OpenOperation<Span> | undefined;
}

type EventOf<Type extends TidegateEvent["type"]> = TidegateEvent & { readonly type: Type };

/**
 * An observer that makes spans of events: one tree for each operation of a client, `docker.request`
 * for each request outside of one. `docs/observability.md` has the trees.
 *
 * Bounded in memory, also where bodies are never read to their end.
 */
export function spanObserver<Span>(
  sink: SpanSink<Span>,
  options: SpanObserverOptions = {},
): Observer {
  const { clock = systemClock, maxOpen = 10_000 } = options;
  const book = createBook(sink, () => clock.now(), maxOpen);
  const handlers = { ...operationSpans(book), ...requestSpans(book), ...exchangeSpans(book) };
  return (event) => {
    const handle =
      (handlers as Partial<Record<string, (event: TidegateEvent) => void>>)[event.type];
    handle?.(event);
  };
}

/** What is open now. */
interface Book<Span> extends SpanSink<Span> {
  readonly operations: Map<number, OpenOperation<Span>>;
  readonly requests: Map<number, OpenRequest<Span>>;
  readonly exchanges: Map<number, OpenExchange<Span>>;
  /** Requests that ended lately, by number. */
  readonly answered: Map<number, { readonly span: Span; readonly bodyEndedAt: number }>;
  now(): number;
  keep<T extends { readonly span: Span }>(map: Map<number, T>, id: number, entry: T): void;
  /** A span whose whole time is known. */
  past(name: string, from: number, to: number, parent: Span, attributes?: SpanAttributes): void;
}

function createBook<Span>(
  sink: SpanSink<Span>,
  now: () => number,
  maxOpen: number,
): Book<Span> {
  return {
    operations: new Map(),
    requests: new Map(),
    exchanges: new Map(),
    answered: new Map(),
    now,
    begin: (...args) => sink.begin(...args),
    end: (...args) => sink.end(...args),
    keep(map, id, entry): void {
      map.set(id, entry);
      if (map.size <= maxOpen) return;
      const [[oldest, { span }] = [id, entry]] = map;
      map.delete(oldest);
      sink.end(span, now(), { "docker.outcome": "abandoned" });
    },
    past(name, from, to, parent, attributes = {}): void {
      sink.end(sink.begin(name, from, attributes, parent), Math.max(from, to), {});
    },
  };
}

type Handlers<Type extends TidegateEvent["type"]> = {
  readonly [T in Type]: (event: EventOf<T>) => void;
};

function operationSpans<Span>(
  book: Book<Span>,
): Handlers<"operation.started" | "operation.ended" | "manifest.verified"> {
  const { operations } = book;
  return {
    "operation.started"({ operation, name, upstream, image }): void {
      const attributes = { "docker.image": image, "docker.upstream": upstream };
      const at = book.now();
      const span = book.begin(OPERATIONS[name], at, attributes, undefined);
      book.keep(operations, operation, { span, name, hasToken: false, bodyEndedAt: at });
    },
    "operation.ended"({ operation, outcome, digest, mediaType, size }): void {
      const known = operations.get(operation);
      if (known === undefined) return;
      operations.delete(operation);
      book.end(known.span, book.now(), {
        "docker.outcome": outcome,
        "docker.digest": digest,
        "docker.media_type": mediaType,
        "docker.size": size,
      }, errorOf(outcome));
    },
    "manifest.verified"({ operation, digest, size }): void {
      const known = operations.get(operation ?? NaN);
      if (known === undefined) return;
      const attributes = { "docker.digest": digest, "docker.size": size };
      book.past("docker.manifest.parse", known.bodyEndedAt, book.now(), known.span, attributes);
    },
  };
}

/** Codes are in capitals; what is not one went well. */
function errorOf(outcome: string): string | undefined {
  return /^[A-Z_]+$/.test(outcome) ? outcome : undefined;
}

function requestSpans<Span>(
  book: Book<Span>,
): Handlers<
  | "request.sent"
  | "request.queued"
  | "request.authorized"
  | "request.answered"
  | "request.failed"
  | "page.read"
> {
  const { operations, requests } = book;
  const find = (id: number | undefined): OpenRequest<Span> | undefined => requests.get(id ?? NaN);
  return {
    "request.sent"(event): void {
      const operation = operations.get(event.operation ?? NaN);
      const at = book.now();
      const name = operation && STEPS[`${operation.name} ${event.kind} ${event.method}`];
      const span = book.begin(
        name ?? "docker.request",
        at,
        requestAttributes(event),
        operation?.span,
      );
      const id = event.request ?? NaN;
      const place = { id, span, operation, sentAt: at };
      const state = { queuedMs: 0, isAdmitted: false, status: undefined, open: 0 };
      book.keep(requests, id, { ...place, ...state });
    },
    "request.queued"({ request, milliseconds }): void {
      const known = find(request);
      if (known !== undefined) known.queuedMs += milliseconds;
    },
    "request.authorized"({ request, challenged, milliseconds }): void {
      const known = find(request);
      if (known === undefined) return;
      admit(book, known);
      const { operation, span } = known;
      // of a token that is at hand it is told once for each operation
      if (operation?.hasToken && !challenged) return;
      if (operation !== undefined) operation.hasToken = true;
      const now = book.now();
      const parent = operation?.span ?? span;
      const attributes = { "docker.token.challenged": challenged };
      book.past("docker.auth.get_token", now - milliseconds, now, parent, attributes);
    },
    "request.answered"({ request, status }): void {
      const known = find(request);
      if (known === undefined) return;
      known.status = status;
      settle(book, known);
    },
    "request.failed"({ request, code }): void {
      const known = find(request);
      if (known === undefined) return;
      requests.delete(known.id);
      book.end(known.span, book.now(), { "error.type": code }, code);
    },
    "page.read"({ request, items }): void {
      const known = book.answered.get(request ?? NaN);
      if (known === undefined) return;
      const attributes = { "docker.items": items };
      book.past("docker.response.parse", known.bodyEndedAt, book.now(), known.span, attributes);
    },
  };
}

function requestAttributes(
  { endpoint, kind, method, upstream, url }: RequestFacts,
): SpanAttributes {
  return {
    "docker.request.kind": kind,
    "docker.request.endpoint": endpoint,
    "docker.upstream": upstream,
    "http.request.method": method,
    "url.full": url,
  };
}

/** The wait for a slot is over once anything follows it. */
function admit<Span>(book: Book<Span>, request: OpenRequest<Span>): void {
  if (request.isAdmitted) return;
  request.isAdmitted = true;
  const { queuedMs, sentAt, span } = request;
  book.past("docker.rate_limiter.check", sentAt, sentAt + queuedMs, span);
}

/** A request has ended when it was answered and its bodies have. */
function settle<Span>(book: Book<Span>, request: OpenRequest<Span>): void {
  const { id, open, span, status } = request;
  if (status === undefined || open > 0) return;
  book.requests.delete(id);
  const now = book.now();
  const error = status >= 400 ? String(status) : undefined;
  book.end(span, now, { "http.response.status_code": status, "error.type": error }, error);
  // what is understood of it is told after its end
  book.answered.set(id, { span, bodyEndedAt: now });
  if (book.answered.size > MAX_ANSWERED) {
    book.answered.delete(book.answered.keys().next().value ?? id);
  }
}

function exchangeSpans<Span>(
  book: Book<Span>,
): Handlers<"exchange.sent" | "exchange.answered" | "exchange.failed" | "exchange.ended"> {
  const { exchanges, requests } = book;
  const close = (
    { exchange, request }: EventOf<"exchange.ended" | "exchange.failed">,
    error?: string,
  ): void => {
    const known = exchanges.get(exchange);
    if (known === undefined) return;
    exchanges.delete(exchange);
    const now = book.now();
    if (known.body !== undefined) book.end(known.body, now, {});
    book.end(known.span, now, { "error.type": error }, error);
    const owner = requests.get(request ?? NaN);
    if (owner === undefined) return;
    owner.open--;
    settle(book, owner);
  };
  return {
    "exchange.sent"({ exchange, method, request, operation, url }): void {
      const owner = requests.get(request ?? NaN);
      if (owner === undefined) return;
      admit(book, owner);
      owner.open++;
      const attributes = { "http.request.method": method, "url.full": url };
      const span = book.begin("docker.http.execute", book.now(), attributes, owner.span);
      const within = book.operations.get(operation ?? NaN);
      book.keep(exchanges, exchange, { span, body: undefined, within });
    },
    "exchange.answered"({ exchange, status }): void {
      const known = exchanges.get(exchange);
      if (known === undefined) return;
      const attributes = { "http.response.status_code": status };
      known.body = book.begin("http.response", book.now(), attributes, known.span);
    },
    "exchange.failed": (event) => close(event, event.code),
    "exchange.ended"(event): void {
      const within = exchanges.get(event.exchange)?.within;
      if (within !== undefined) within.bodyEndedAt = book.now();
      close(event);
    },
  };
}
