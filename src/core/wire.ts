import type { Scrub } from "./scrub.ts";

/** What a request is for. Decides its place in the queue, its caps and its metrics labels. */
export type RequestKind =
  | "ping"
  | "manifest"
  | "blob"
  | "tags"
  | "referrers"
  | "upload"
  | "token"
  /** A vendor's own API beside the registry's. */
  | "api";

/** The part of a vendor's API that a request is for: a label of metrics. */
export type ApiEndpoint =
  | "login"
  | "repositories"
  | "tags"
  | "search"
  | "scans"
  | "accounts"
  | "packages"
  | "versions"
  | "attestations"
  | "rate-limit";

/** The methods of the distribution spec. */
export type Method = "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";

/**
 * A request to a registry as plain data: what `distribution` writes and `transport` sends.
 * It can be sent again as often as needed: a body is bytes, or a function that makes it anew.
 */
export interface RegistryRequest {
  readonly method: Method;
  /** Absolute URL on the upstream's origin. */
  readonly url: string;
  /** Lower-case names. Never `authorization`: that is the transport's. */
  readonly headers: Readonly<Record<string, string>>;
  readonly kind: RequestKind;
  /** With the kind `api`: which part of it, for events. */
  readonly endpoint?: ApiEndpoint | undefined;
  /** Scopes the operation needs, the most important first: `repository:library/nginx:pull`. */
  readonly scopes: readonly string[];
  /** Absent for no body. A stream makes the request unrepeatable: it is sent once. */
  readonly body?: Uint8Array<ArrayBuffer> | Blob | ReadableStream<Uint8Array>;
  readonly signal?: AbortSignal;
  /** Bytes of the answer's body, where a descriptor tells. A hint: trusted for nothing. */
  readonly answerBytes?: number | undefined;
  /** The operation that it is part of, for events. Set where somebody observes. */
  readonly operation?: number | undefined;
  /** Its own number, for events. Set by the transport where somebody observes. */
  readonly id?: number | undefined;
}

/**
 * A registry's answer. The body is the runtime's own stream, never wrapped: wrapping costs an order
 * of magnitude on workerd.
 */
export interface RegistryResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly body: ReadableStream<Uint8Array> | null;
  /** The URL that answered, after redirects, without its query. */
  readonly url: string;
  /** The `id` of the request that it answers, where somebody observes. */
  readonly id?: number | undefined;
  /**
   * Takes what was sent to get this answer out of what is quoted of it: a server may repeat passwords
   * and tokens. Absent where nothing was sent.
   */
  readonly scrub?: Scrub | undefined;
  /**
   * Give back what the answer holds (a throttle slot, a timer). Whoever gets a response calls it
   * once the body has ended, failed or been cancelled. Calling it again does nothing.
   */
  release(): void;
}

/** Send one request and get the head of its answer. Each transport layer wraps one of these. */
export type Send = (request: RegistryRequest) => Promise<RegistryResponse>;

/** One concern around `Send`: retry, throttle, authorise… */
export type Layer = (next: Send) => Send;
