import type { ChallengeStyle, ChallengeWriter } from "./challenge.ts";
import type { AccessRule, SimulatedTokenService } from "./token_service.ts";

/** Who may use a registry, and how they prove it. */
export type RegistryAuth =
  /** Everybody. */
  | { readonly mode: "open" }
  /** Users with passwords. */
  | {
    readonly mode: "basic";
    readonly users: Readonly<Record<string, string>>;
    /** Default: users may do everything, others nothing. */
    readonly allow?: AccessRule;
  }
  /** Holders of a token service's tokens. */
  | {
    readonly mode: "bearer";
    readonly tokens: SimulatedTokenService;
    /** Default is the registry's host. */
    readonly service?: string;
    /** How the challenge is written. Default is `standard`. */
    readonly challenge?: ChallengeStyle | ChallengeWriter;
    /** Answer an insufficient token with 403 DENIED instead of a new challenge (Harbor, GHCR). */
    readonly forbids?: boolean;
  };
