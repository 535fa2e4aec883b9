import type { ApiEndpoint, ErrorCode, OriginUse, RequestKind } from "../core/mod.ts";

/**
 * What happened, as plain data for logs, metrics and progress. Events are named in the past tense,
 * carry no secret, and URLs in them have been through {@linkcode redactUrl}.
 *
 * New types may be added in any release: a `switch` over `type` needs a default.
 */
export type TidegateEvent =
  | OperationEvent
  | RequestEvent
  | ExchangeEvent
  | TokenEvent
  | OriginRefusedEvent
  | CircuitEvent
  | ContentEvent
  | UploadEvent
  | CacheEvent
  | StoreEvent
  | DoorEvent
  | WebhookEvent
  | VulnerabilityEvent;

/** What is counted and timed as a whole, over all its requests. */
export type OperationName = "manifest.get" | "blob.get" | "blob.put" | "auth.login";

/** One operation of a client. `operation` is its number, unique in this process. */
export type OperationEvent =
  | {
    readonly type: "operation.started";
    readonly operation: number;
    readonly name: OperationName;
    readonly upstream: string;
    /** The reference, as {@linkcode formatReference} writes it. A login has none. */
    readonly image?: string | undefined;
  }
  | {
    readonly type: "operation.ended";
    readonly operation: number;
    readonly name: OperationName;
    readonly upstream: string;
    /** `ok`, what became of an upload, or why it failed. */
    readonly outcome: "ok" | "exists" | "mounted" | "uploaded" | ErrorCode | "ABORTED";
    readonly milliseconds: number;
    readonly digest?: string | undefined;
    readonly mediaType?: string | undefined;
    /** In bytes: of the manifest, or of the blob. */
    readonly size?: number | undefined;
  };

/** Which request an event is about. Numbers are unique in this process. */
export interface RequestPlace {
  readonly upstream: string;
  readonly request: number | undefined;
  /** The operation that it is part of, if any. */
  readonly operation: number | undefined;
}

/** What every event about a request has. */
export interface RequestFacts extends RequestPlace {
  readonly kind: RequestKind;
  /** With the kind `api`: which part of it, where that is known. */
  readonly endpoint?: ApiEndpoint | undefined;
  readonly method: string;
  /** Redacted. */
  readonly url: string;
}

/** One exchange with a registry. `attempt` counts from 1. */
export type RequestEvent =
  | RequestFacts & { readonly type: "request.sent"; readonly attempt: number }
  | RequestFacts & {
    readonly type: "request.answered";
    readonly status: number;
    /** Until the final headers. */
    readonly milliseconds: number;
  }
  | RequestFacts & {
    readonly type: "request.retried";
    readonly attempt: number;
    readonly delayMs: number;
    /** A status or an error code. */
    readonly reason: number | ErrorCode;
  }
  | RequestFacts & {
    readonly type: "request.failed";
    readonly code: ErrorCode | "ABORTED";
    readonly milliseconds: number;
  }
  | {
    readonly type: "request.redirected";
    readonly upstream: string;
    readonly from: string;
    readonly to: string;
  }
  | RequestPlace & { readonly type: "request.queued"; readonly milliseconds: number }
  /** Proof was found: at hand or fetched. `challenged`: in answer to a 401 or 403. */
  | RequestPlace & {
    readonly type: "request.authorized";
    readonly challenged: boolean;
    readonly milliseconds: number;
  }
  /** A page of a listing was read and understood. */
  | RequestPlace & { readonly type: "page.read"; readonly items: number }
  | {
    readonly type: "rate_limit.seen";
    readonly upstream: string;
    readonly limit: number | undefined;
    readonly remaining: number | undefined;
    readonly resetAt: number | undefined;
  }
  | {
    /** The pulls left in the window have come down to the threshold. Once in each window. */
    readonly type: "rate_limit.low";
    readonly upstream: string;
    readonly limit: number | undefined;
    readonly remaining: number;
    readonly threshold: number;
    readonly resetAt: number | undefined;
  }
  | { readonly type: "warning.received"; readonly upstream: string; readonly text: string };

/**
 * One `fetch` of a request: each try, each hop of a redirect, each one after a challenge. `exchange`
 * is its number, unique in this process; it has ended when its body has.
 */
export type ExchangeEvent =
  & RequestPlace
  & { readonly exchange: number }
  & (
    | {
      readonly type: "exchange.sent";
      readonly method: string;
      /** Redacted. */
      readonly url: string;
    }
    | { readonly type: "exchange.answered"; readonly status: number }
    | { readonly type: "exchange.failed"; readonly code: ErrorCode | "ABORTED" }
    | { readonly type: "exchange.ended" }
  );

interface TokenFacts {
  readonly upstream: string;
  readonly scopes: readonly string[];
}

/** The life of registry tokens and of the credentials behind them. */
export type TokenEvent =
  | TokenFacts & {
    readonly type: "token.fetched";
    /** Origin of the token endpoint. */
    readonly realm: string;
    readonly method: "GET" | "POST";
    readonly anonymous: boolean;
    readonly lifetimeSeconds: number;
  }
  | TokenFacts & { readonly type: "token.reused" }
  | TokenFacts & { readonly type: "token.rejected"; readonly reason: string }
  | {
    readonly type: "token.unreadable";
    readonly upstream: string;
    /** Why a stored token was treated as absent. */
    readonly reason: string;
  }
  | {
    readonly type: "credential.rejected";
    readonly upstream: string;
    readonly credential: string;
    readonly status: number;
  };

/** An origin was refused, or a credential withheld from it. */
export interface OriginRefusedEvent {
  readonly type: "origin.refused";
  readonly upstream: string;
  readonly use: OriginUse;
  readonly origin: string;
  readonly target: string;
  /** The configuration line that would allow it. */
  readonly allow: string;
}

/** A circuit breaker changed its state. */
export type CircuitEvent =
  | {
    readonly type: "circuit.opened";
    readonly upstream: string;
    readonly origin: string;
    readonly retryAt: number;
  }
  | {
    readonly type: "circuit.half_opened" | "circuit.closed";
    readonly upstream: string;
    readonly origin: string;
  };

/** Content was checked against its digest. Of `blob.get`, a client tells by `operation.ended`. */
export type ContentEvent =
  | {
    readonly type: "blob.verified";
    readonly upstream: string;
    readonly digest: string;
    /** Of the whole blob, whatever part was asked for: so much was read. */
    readonly size: number;
  }
  | {
    readonly type: "blob.rejected" | "manifest.rejected";
    readonly upstream: string;
    readonly digest: string;
    readonly code: ErrorCode;
  }
  /** An uploaded blob is pulled again, because its bytes were not all hashed on the way. */
  | { readonly type: "blob.read_back"; readonly digest: string; readonly size: number }
  | {
    readonly type: "blob.resumed";
    readonly digest: string;
    readonly offset: number;
    readonly attempt: number;
    readonly reason: string;
  }
  | {
    readonly type: "manifest.verified";
    readonly upstream: string;
    readonly digest: string;
    readonly size: number;
    readonly operation?: number | undefined;
  }
  | {
    readonly type: "manifest.pushed";
    readonly upstream: string;
    readonly digest: string;
    readonly size: number;
    /** Empty for a push by digest alone. */
    readonly tags: readonly string[];
  }
  | {
    /** The fallback tag of a subject was changed, `attempt` counting from 1. */
    readonly type: "referrers.tag_changed";
    readonly upstream: string;
    readonly subject: string;
    readonly attempt: number;
    /** Whether the registry itself keeps others from changing it meanwhile. */
    readonly conditional: boolean;
  }
  | {
    /** A tag's `Docker-Content-Digest` was not the digest of the bytes; the computed one is used. */
    readonly type: "digest.header_wrong";
    readonly upstream: string;
    readonly announced: string;
    readonly computed: string;
  };

interface UploadFacts {
  readonly upstream: string;
  readonly repository: string;
  /** Absent while it is still being computed. */
  readonly digest: string | undefined;
}

/** The life of one pushed blob. */
export type UploadEvent =
  | UploadFacts & { readonly type: "upload.started"; readonly size: number | undefined }
  | UploadFacts & {
    /** It goes on at `offset` after a failure; at 0, from the start. */
    readonly type: "upload.resumed";
    readonly offset: number;
    readonly reason: string;
  }
  | UploadFacts & {
    readonly type: "upload.finished";
    readonly outcome: "exists" | "mounted" | "uploaded";
    readonly size: number;
    /** Bytes of bodies sent, those sent again included. */
    readonly sentBytes: number;
    /** Requests that carried bytes; undefined where the front door passed a caller's on. */
    readonly chunks: number | undefined;
  }
  | UploadFacts & { readonly type: "upload.failed"; readonly code: ErrorCode | "ABORTED" };

/** A webhook came, and what became of it. `provider` is the sender: `docker-hub`, `github`. */
export type WebhookEvent =
  | {
    readonly type: "webhook.received";
    readonly provider: string;
    /** `published`, `duplicate`, `ignored`, `unconfirmed`, `undelivered` or `pong`. */
    readonly outcome: string;
    /** Absent where the webhook is not about an image. */
    readonly repository: string | undefined;
  }
  | {
    readonly type: "webhook.refused";
    readonly provider: string;
    readonly status: number;
    readonly reason: string;
  }
  | {
    /** One part of the work failed; the rest went on without it. `reason`: an error code or name. */
    readonly type: "webhook.failed";
    readonly part: "resolve" | "purge" | "deliveries" | "subscriber" | "callback";
    readonly reason: string;
  };

/** A manifest was answered out of the cache. Nothing was pulled. */
export interface CacheEvent {
  readonly type: "cache.hit";
  readonly upstream: string;
  readonly digest: string;
  /**
   * `fresh`; `renewed`: the registry says that the tag still means it; `stale`: it did not answer;
   * `spared`: it is old, and a pull would have been one of the last.
   */
  readonly state: "fresh" | "renewed" | "stale" | "spared";
}

/** A store failed; the call went on without it. */
export interface StoreEvent {
  readonly type: "kv.failed" | "checkpoint.failed";
  readonly operation: "get" | "put" | "delete";
  readonly reason: string;
}

/** The front door answered with an error of its own, or closed. `reason` holds no secret. */
export type DoorEvent =
  | { readonly type: "configuration.rejected"; readonly key: string; readonly reason: string }
  /** There are no `sealingKeys`: only the process that began an upload can go on with it. */
  | { readonly type: "sealing.unkeyed" }
  | {
    readonly type: "answer.failed";
    readonly upstream: string;
    readonly status: number;
    /** `UNKNOWN` for an error that tidegate did not throw. */
    readonly code: ErrorCode | "UNKNOWN";
    /** What the caller is not told: it may name origins. */
    readonly reason: string;
  };

/** How many vulnerabilities an image is known to have, by severity. */
export interface VulnerabilityEvent {
  readonly type: "vulnerabilities.seen";
  readonly upstream: string;
  readonly digest: string;
  readonly critical: number;
  readonly high: number;
  readonly medium: number;
  readonly low: number;
  readonly unknown: number;
}
