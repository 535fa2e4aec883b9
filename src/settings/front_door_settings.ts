import type { Upstream } from "../core/mod.ts";
import type { AccessRule } from "./access_rule.ts";

/** A secret by the name under which the environment holds it. Configuration never holds the value. */
export interface SecretReference {
  /** Name of the binding or environment variable. */
  readonly secret: string;
}

/** What the door presents to an upstream. */
export type CredentialSettings =
  | {
    readonly kind: "basic";
    readonly username: string | SecretReference;
    readonly password: SecretReference;
  }
  | { readonly kind: "bearer"; readonly token: SecretReference };

/** One registry behind the door, and the ways to address it. */
export interface UpstreamSettings {
  /** Where it is and which origins may serve it. */
  readonly upstream: Upstream;
  /** First part of the door's repository names: `/v2/<prefix>/<name>`. */
  readonly prefix: string | undefined;
  /** Host header that selects this upstream, with its port unless that is the scheme's own. */
  readonly host: string | undefined;
  /** Whether it serves names that no prefix claims. At most one does. */
  readonly isDefault: boolean;
  /** Values of `?ns=` that select it. */
  readonly namespaces: readonly string[];
  /** Absent for anonymous. */
  readonly credentials: CredentialSettings | undefined;
}

/** A caller known by a static token. */
export interface TokenSettings {
  /** For logs. */
  readonly name: string;
  /** SHA-256 of the token, 32 bytes. */
  readonly sha256: Uint8Array<ArrayBuffer>;
  readonly allow: readonly AccessRule[];
}

/** Who may do what. What nothing allows is denied. */
export interface AccessSettings {
  readonly anonymous: readonly AccessRule[];
  readonly tokens: readonly TokenSettings[];
}

/**
 * How the door answers `Range` on blobs. `verified`: the whole blob is fetched and hashed, only the
 * asked part is sent. `pass`: the part alone is fetched and marked unverified. `off`: the whole blob.
 */
export type RangePolicy = "verified" | "pass" | "off";

/** One sender of webhooks. */
export interface WebhookSenderSettings {
  /** Name of the upstream that is asked about what it says. */
  readonly upstream: string;
  /** All that are valid now; at least one. */
  readonly secrets: readonly SecretReference[];
}

/** Where webhooks come in, from whom, and where their events go. */
export interface WebhookSettings {
  /** `/hooks`: the senders' addresses begin with it. */
  readonly path: string;
  readonly dockerHub:
    | WebhookSenderSettings & {
      /** Origins on which a `callback_url` is answered. */
      readonly callbackOrigins: readonly string[];
    }
    | undefined;
  readonly github: WebhookSenderSettings | undefined;
  /** Undefined: the queue if one is bound, else the console. */
  readonly events: "queue" | "console" | "off" | undefined;
  /** Deliveries taken of one sender. */
  readonly perMinute: number;
}

/** The front door's configuration after every check. Frozen all the way down. */
export interface FrontDoorSettings {
  readonly upstreams: readonly UpstreamSettings[];
  /** Host headers the door answers besides the upstreams' own. Empty: any, unless an upstream has one. */
  readonly hosts: readonly string[];
  readonly access: AccessSettings;
  readonly ranges: RangePolicy;
  /** Keys that seal stored tokens; the first seals, all open. Empty: nothing is stored. */
  readonly sealingKeys: readonly SecretReference[];
  readonly cors: { readonly origins: readonly string[] };
  readonly cache: {
    /** How long a tag means what it meant; 0: no manifest is cached. */
    readonly tagTtlSeconds: number;
    /** How much longer manifests are used while the upstream does not answer; 0: never. */
    readonly staleIfErrorSeconds: number;
    /** So many pulls of a registry that counts them are kept for what is not cached. */
    readonly pullReserve: number;
  };
  readonly limits: {
    /** Largest manifest relayed, pulled or pushed, in bytes. */
    readonly manifestBytes: number;
    /** Largest chunk of an upload that callers are told to send, in bytes; 0: they are told none. */
    readonly chunkBytes: number;
  };
  /** Absent: none are received. */
  readonly webhooks: WebhookSettings | undefined;
}
