import type { Secret } from "../core/mod.ts";

/** How to log in to Docker Hub. */
export interface HubAuthSettings {
  readonly kind: "password" | "access_token";
  /** For an organisation's token, the organisation. */
  readonly username: string;
  readonly secret: Secret;
}

/** The configuration of `docker_hub` after every check. Frozen all the way down. */
export interface HubSettings {
  /** Origins. */
  readonly hubUrl: string;
  readonly registryUrl: string;
  readonly authUrl: string;
  /** Absent for anonymous. */
  readonly auth: HubAuthSettings | undefined;
  readonly resilience: {
    /** Of one exchange, until its headers. */
    readonly timeoutSeconds: number;
    /** After the first try. */
    readonly maxRetries: number;
    readonly circuitBreaker: {
      readonly failureThreshold: number;
      readonly successThreshold: number;
      readonly resetTimeoutSeconds: number;
    };
  };
  readonly upload: {
    /** In MiB. */
    readonly chunkSizeMb: number;
    readonly maxConcurrentUploads: number;
    readonly maxConcurrentDownloads: number;
  };
  readonly cache: {
    readonly enabled: boolean;
    readonly manifestTtlSeconds: number;
    readonly tagTtlSeconds: number;
  };
  readonly rateLimit: {
    /** Pulls left at which a warning is told. */
    readonly lowThreshold: number;
    readonly trackHeaders: boolean;
  };
  readonly observability: {
    readonly traceRequests: boolean;
    readonly logLevel: "debug" | "info" | "warn" | "error";
  };
}
