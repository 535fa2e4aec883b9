import { Secret } from "../core/mod.ts";
import type { Token } from "./token.ts";

/**
 * The tokens that a registry refused last, by what they were for. A store may have one for a while
 * yet, as a delete takes its time: whoever finds it there must not use it again.
 */
export interface RefusedTokens {
  /** Whether it is a token that was refused. */
  has(id: string, token: Token): boolean;
  /** Note a refusal; the first to do so takes the token out of the store, by `remove`. */
  add(id: string, value: string, remove: () => Promise<void>): Promise<void>;
  /** Wait until the store has it no longer: what is put there before goes with it. */
  gone(id: string): Promise<void>;
  /** The token was issued once more, as GHCR does, whose tokens are always the same. */
  forgive(id: string, token: Token): void;
}

/** Lives as long as one authorizer: it holds promises. */
export function createRefusedTokens(): RefusedTokens {
  const refused = new Map<string, { readonly value: Secret; readonly gone: Promise<void> }>();
  const isRefused = (id: string, value: string): boolean =>
    refused.get(id)?.value.reveal() === value;
  return {
    has: (id, { value }) => isRefused(id, value.reveal()),
    async add(id, value, remove): Promise<void> {
      if (!isRefused(id, value)) refused.set(id, { value: new Secret(value), gone: remove() });
      await refused.get(id)?.gone;
    },
    gone: async (id) => await refused.get(id)?.gone,
    forgive(id, { value }): void {
      if (isRefused(id, value.reveal())) refused.delete(id);
    },
  };
}
