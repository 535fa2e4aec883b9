import type { Credential } from "../../src/auth/mod.ts";
import type { Clock } from "../../src/core/mod.ts";
import type { TidegateEvent } from "../../src/observability/mod.ts";
import {
  type BuiltImage,
  createSimulation,
  digestOf,
  type LoggedRequest,
  secretSpellings,
  sightings,
  type SimulatedRegistry,
  type SimulatedTokenService,
  type Simulation,
  type TrapAnswer,
} from "../../src/simulation/mod.ts";
import { createHastyClock } from "./hasty_clock.ts";
import { OWN_ORIGIN } from "./url_forms.ts";

/** The product as it is, or as a mutant. */
export type Product = typeof import("./leak_product.ts");

/** The one token endpoint that the operator trusts with the registry's credentials. */
export const PINNED_ORIGIN = "https://auth.example";
export const REPOSITORY = "acme/app";
export const USER = "me";

/** One secret for each way to prove who asks, found nowhere else by chance. */
export const CANARIES = {
  password: "pw-5d41c0ffee7f3a9c51d2e84b60aa17",
  identity: "id-90bb1e24c6d0f7a83e55d1927c4410",
  bearer: "br-e17fa2d94c0b86315a7dfe0c2298b3",
  /** What callers prove themselves to the front door with. */
  client: "cl-3c9a77f01be84d62a05519ed7f4c21",
} as const;

/** How the client proves who it is, and what the registry asks for. */
export type ProofKind = "password" | "password-for-token" | "identity" | "bearer" | "anonymous";
export const PROOF_KINDS: readonly ProofKind[] = [
  "password",
  "password-for-token",
  "identity",
  "bearer",
  "anonymous",
];

/** A registry that proves who asks, its pinned token endpoint, and a trap that is every other host. */
export interface LeakWorld {
  readonly product: Product;
  readonly proof: ProofKind;
  readonly content: LeakContent;
  readonly clock: Clock;
  readonly simulation: Simulation;
  readonly registry: SimulatedRegistry;
  readonly tokens: SimulatedTokenService;
  readonly events: TidegateEvent[];
  /** What reached the trap, under whatever name. */
  trapped(): LoggedRequest[];
  /** Every secret there is by now: the canaries and each token that was issued. */
  secrets(): string[];
}

/** A small image for every world: made once. */
export interface LeakContent {
  readonly image: BuiltImage;
  readonly layer: Uint8Array<ArrayBuffer>;
  readonly layerDigest: string;
}

/** Make a world. */
export function createLeakWorld(
  product: Product,
  { proof, content, trap }: { proof: ProofKind; content: LeakContent; trap: TrapAnswer },
): LeakWorld {
  const clock = createHastyClock();
  const simulation = createSimulation({ clock });
  const events: TidegateEvent[] = [];
  let count = 0;
  const tokens = simulation.tokenService(PINNED_ORIGIN, {
    users: { [USER]: proof === "identity" ? CANARIES.identity : CANARIES.password },
    mint: ({ user, scopes }) =>
      user === undefined && scopes.length === 0
        ? NOBODYS_TOKEN
        : `jwt-${user ?? "nobody"}-${count++}-c4a7e19d02b35f68`,
  });
  const registry = simulation.registry(OWN_ORIGIN);
  registry.configure({
    auth: proof === "password"
      ? { mode: "basic", users: { [USER]: CANARIES.password } }
      : { mode: "bearer", tokens: acceptingBearer(tokens) },
  });
  registry.add(REPOSITORY, { image: content.image, tags: ["v1"] });
  simulation.trap("*", trap);
  return {
    ...{ product, proof, content, clock, simulation, registry, tokens, events },
    trapped: () => simulation.log.filter(({ kind }) => kind === "trap"),
    secrets: () => [...Object.values(CANARIES), ...issuedTokens(tokens)],
  };
}

/** A registry token (docker's `registrytoken`) comes from nowhere and is good for everything. */
function acceptingBearer(tokens: SimulatedTokenService): SimulatedTokenService {
  const grantOf: SimulatedTokenService["grantOf"] = (token) =>
    token !== CANARIES.bearer ? tokens.grantOf(token) : {
      user: USER,
      service: "registry.example",
      scopes: [{ type: "repository", name: REPOSITORY, actions: ["*"] }],
      expiresAt: Infinity,
    };
  return Object.create(tokens, { grantOf: { value: grantOf } }) as SimulatedTokenService;
}

/** The credential that a proof takes; `undefined` for nobody's. */
export function credentialOf(
  { basicCredential, Secret }: Product,
  proof: ProofKind,
): Credential | undefined {
  switch (proof) {
    case "anonymous":
      return undefined;
    case "bearer":
      return { kind: "bearer", token: new Secret(CANARIES.bearer) };
    case "identity":
      return { kind: "identity", token: new Secret(CANARIES.identity), username: USER };
    default:
      return basicCredential(USER, CANARIES.password);
  }
}

/** What is wrong with one case: a secret where it may not be, a connection that may not be, … */
export interface Finding {
  readonly kind: "secret" | "connection" | "untyped" | "shown";
  readonly text: string;
}

/** Secrets at the trap, and those of one host at another. */
export function findSecrets(world: LeakWorld): Finding[] {
  const { simulation: { log }, tokens } = world;
  const strangers = log.filter(({ kind }) => kind === "trap");
  const pinned = log.filter(({ kind }) => kind === "tokens");
  const outside = log.filter(({ kind }) => kind !== "registry");
  return [
    ...world.secrets().flatMap((secret) => sightings(strangers, secret)),
    ...issuedTokens(tokens).flatMap((token) => sightings(pinned, token)),
    ...sightings(pinned, CANARIES.bearer),
    ...sightings(log, CANARIES.client),
    ...outside.filter(({ headers }) => headers["cookie"] !== undefined),
    ...strangers.filter(({ headers }) => !isOwnToken(headers["authorization"])),
  ].map(({ method, url }) => ({ kind: "secret", text: `${method} ${url}` }));
}

/** What the trap itself gave to nobody, it may see again. */
function isOwnToken(authorization: string | undefined): boolean {
  const given = [TRAP_TOKEN, NOBODYS_TOKEN].map((token) => `Bearer ${token}`);
  return authorization === undefined || given.includes(authorization);
}

export const TRAP_TOKEN = "from-the-trap";

/** Grants nothing to nobody: a trap may name an endpoint where everybody gets one. */
const NOBODYS_TOKEN = "grants-nothing-to-nobody";

function issuedTokens({ issued }: SimulatedTokenService): readonly string[] {
  return issued.filter((token) => token !== NOBODYS_TOKEN);
}

/** Requests to the trap where there may be none. */
export function findConnections(world: LeakWorld): Finding[] {
  return world.trapped().filter(({ host }) => host === "*").map(({ method, url }) => ({
    kind: "connection",
    text: `${method} ${url}`,
  }));
}

/** Secrets in a text that may have none. */
export function findInText(text: string, secrets: readonly string[]): Finding[] {
  return secrets
    .filter((secret) => secretSpellings(secret).some((spelling) => text.includes(spelling)))
    .map((secret) => ({ kind: "shown", text: `${secret.slice(0, 3)}… in ${text.slice(0, 120)}` }));
}

/** All that an error shows: its text, stack, JSON and causes. */
export function textOfError(error: unknown): string {
  const parts: string[] = [];
  for (let e = error; e instanceof Error && parts.length < 32; e = e.cause) {
    parts.push(String(e), e.stack ?? "", JSON.stringify(e), JSON.stringify(Object.entries(e)));
  }
  return parts.join("\n");
}

/** Bytes of a layer that is nowhere but at a URL. */
export async function createLeakContent(
  buildImage: typeof import("../../src/simulation/mod.ts").buildImage,
): Promise<LeakContent> {
  const layer = new TextEncoder().encode("the bytes of a layer that lives elsewhere");
  return {
    image: await buildImage({ layers: [64], config: {} }),
    layer,
    layerDigest: await digestOf(layer),
  };
}

/** A text as a header carries it: the bytes of its UTF-8; `undefined` where no header can. */
export function asHeader(text: string): string | undefined {
  const bytes = String.fromCharCode(...new TextEncoder().encode(text));
  try {
    new Headers([["x", bytes]]);
    return bytes;
  } catch {
    return undefined;
  }
}
