import { buildImage } from "../../src/simulation/mod.ts";
import {
  type LeakCase,
  type LeakClass,
  operate,
  OPERATIONS,
  setAttack,
  STATUSES,
  TRAP_ANSWERS,
} from "./leak_attacks.ts";
import {
  createLeakContent,
  createLeakWorld,
  credentialOf,
  findConnections,
  type Finding,
  findInText,
  findSecrets,
  type LeakContent,
  type LeakWorld,
  PINNED_ORIGIN,
  type Product,
  PROOF_KINDS,
  type ProofKind,
  textOfError,
} from "./leak_world.ts";
import { OWN_ORIGIN, URL_FORMS, type UrlForm } from "./url_forms.ts";

/** More forms, for names that only look like the own one. */
const LOOK_ALIKES: readonly UrlForm[] = [
  { url: "https://example/x", means: "refused" }, // parent domain
  { url: "https://registry.example.:443/x", means: "public" },
  { url: "https://REGISTRY.EXAMPLE:444/x", means: "public" },
  { url: "https://registry.examp1e.test/x", means: "public" },
  { url: "https://xn--rgistry-6mf.example/x", means: "public" }, // Cyrillic е
  { url: "https://auth.example.evil.test/token", means: "public" },
  { url: "https://auth.example:8443/token", means: "public" },
  { url: "http://auth.example/token", means: "refused" },
  { url: "https://me:pw@auth.example/token", means: "broken" },
  { url: "https://registry.example#@evil.test/x", means: "own" },
  { url: "https://evil.test#@registry.example/", means: "public" },
  { url: "https://evil.test?@registry.example/", means: "public" },
  { url: "https://[::ffff:10.0.0.1]/x", means: "refused" },
  { url: "https://0251.0376.0251.0376/x", means: "refused" }, // 169.254.169.254 in octal
  { url: "https://169.254.169.254.nip.io/x", means: "public" },
];

/** Every URL that the map lets a registry name. */
export const LEAK_FORMS: readonly UrlForm[] = [...URL_FORMS, ...LOOK_ALIKES];

/** How many cases each class runs for one URL form. */
export type Depth = "quick" | "full";

/** One case, with what may come of it. */
export interface MapCase extends LeakCase {
  readonly proof: ProofKind;
  readonly means: UrlForm["means"];
}

/** Private, and listed by the operator for what the upstream itself names. */
export const LISTED_PRIVATE = "https://store.internal";

/** Cases in which a public stranger steers towards listed private addresses. */
export function steeredCases(): MapCase[] {
  const classes = ["steered-redirect", "steered-token"] as const;
  const urls = [`${LISTED_PRIVATE}/x`, `${LISTED_PRIVATE}:443/token?a=b`];
  return classes.flatMap((leakClass) =>
    urls.map((url): MapCase => ({
      ...{ leakClass, url, means: "refused", turn: 0, proof: "anonymous" },
    }))
  );
}

/** Cases of one class: every URL form with so many turns, in which everything else varies. */
export function casesOf(leakClass: MappedClass, depth: Depth = "quick"): MapCase[] {
  const turns = TURNS[leakClass];
  const each = depth === "full" ? turns.full : turns.quick;
  return LEAK_FORMS.flatMap(({ url, means }, row) =>
    Array.from({ length: each }, (_, i): MapCase => {
      // neighbours in the list start elsewhere, so that a few turns a form still meet every mix
      const turn = depth === "full" ? i : i + row * each;
      const proofs = PROOFS[leakClass];
      const proof = proofs[(i + row) % proofs.length] ?? "password";
      return { leakClass, url, means, turn, proof };
    })
  );
}

const TOKEN_PROOFS: readonly ProofKind[] = ["password-for-token", "identity"];

/** Classes that are mapped over every URL form. */
export type MappedClass = Exclude<LeakClass, "steered-redirect" | "steered-token">;

const PROOFS: Readonly<Record<MappedClass, readonly ProofKind[]>> = {
  realm: PROOF_KINDS,
  "second-realm": [...TOKEN_PROOFS, "anonymous"],
  redirect: PROOF_KINDS,
  "token-redirect": [...TOKEN_PROOFS, "anonymous"],
  link: PROOF_KINDS,
  "foreign-layer": PROOF_KINDS,
  "other-header": PROOF_KINDS,
};

const REDIRECTS = STATUSES.length * OPERATIONS.length;

const TURNS: Readonly<Record<MappedClass, { readonly quick: number; readonly full: number }>> = {
  realm: { quick: 5, full: 20 },
  "second-realm": { quick: 3, full: 12 },
  redirect: { quick: 6, full: REDIRECTS * 4 },
  "token-redirect": { quick: 3, full: 15 },
  link: { quick: 3, full: 30 },
  "foreign-layer": { quick: 4, full: TRAP_ANSWERS.length * 5 },
  "other-header": { quick: 1, full: 15 },
};

/** What a run found. */
export interface LeakReport {
  /** Cases run; those that no server could send are left out. */
  readonly cases: number;
  /** Requests that the trap got. */
  readonly trapped: number;
  /** Cases that ended in an error, by its code. */
  readonly codes: Readonly<Record<string, number>>;
  readonly findings: readonly (Finding & { readonly at: MapCase })[];
}

let content: Promise<LeakContent> | undefined;

/** What every world serves. */
export function leakContent(): Promise<LeakContent> {
  return content ??= createLeakContent(buildImage);
}

/** Run cases against a product. */
export async function runLeakMap(
  product: Product,
  cases: readonly MapCase[],
): Promise<LeakReport> {
  const findings: (Finding & { at: MapCase })[] = [];
  const codes: Record<string, number> = {};
  let count = 0;
  let trapped = 0;
  for (const one of cases) {
    const outcome = await runCase(product, one);
    if (outcome === undefined) continue;
    count++;
    trapped += outcome.trapped;
    if (outcome.code !== undefined) codes[outcome.code] = (codes[outcome.code] ?? 0) + 1;
    findings.push(...outcome.findings.map((finding) => ({ ...finding, at: one })));
  }
  return { cases: count, trapped, codes, findings };
}

interface Outcome {
  readonly code: string | undefined;
  readonly trapped: number;
  readonly findings: readonly Finding[];
}

async function runCase(product: Product, one: MapCase): Promise<Outcome | undefined> {
  const content = await leakContent();
  const { proof, turn } = one;
  const trap = TRAP_ANSWERS[turn % TRAP_ANSWERS.length]?.(content) ?? { status: 404 };
  const world = createLeakWorld(product, { proof, content, trap });
  const client = createClient(world);
  // a token fetched before is a secret as well
  if (one.leakClass === "second-realm") {
    await operate(product, client, one, content);
    world.tokens.revokeAll();
  }
  if (!await setAttack(world, one)) return undefined;
  let error: unknown;
  try {
    await operate(product, client, one, content);
  } catch (caught) {
    error = caught;
  }
  return {
    code: product.isTidegateError(error) ? error.code : error === undefined ? undefined : "?",
    trapped: world.trapped().length,
    findings: judge(world, one, error),
  };
}

function createClient(world: LeakWorld): ReturnType<Product["createRegistryClient"]> {
  const { product, proof, simulation, clock, events } = world;
  const credential = credentialOf(product, proof);
  return product.createRegistryClient({
    fetch: simulation.fetch,
    clock,
    observer: (event) => void events.push(event),
    upstreams: [product.resolveUpstream("registry.example", {
      tokenOrigins: [PINNED_ORIGIN, LISTED_PRIVATE],
      blobOrigins: ["*", LISTED_PRIVATE],
    })],
    ...(credential && {
      credentials: product.staticCredentials({ "registry.example": credential }),
    }),
  });
}

function judge(world: LeakWorld, one: MapCase, error: unknown): Finding[] {
  const told = `${textOfError(error)}\n${JSON.stringify(world.events)}`;
  return [
    ...findSecrets(world),
    ...mayConnect(one) ? [] : findConnections(world),
    ...findUntyped(world.product, one, error),
    ...findInText(told, world.secrets()),
  ];
}

/** Whether a request without any proof may go to the URL at all. */
function mayConnect({ leakClass, means, proof, url }: MapCase): boolean {
  if (leakClass === "link" || leakClass === "other-header") return false;
  // what a header makes of other characters is another URL than the list means
  if (leakClass !== "foreign-layer" && /[^\u0000-\u007f]/.test(url)) return true;
  if (means === "refused" || means === "broken") return false;
  if (leakClass === "redirect" || leakClass === "foreign-layer") return true;
  return proof === "anonymous";
}

/** Codes that a refusal may have besides ORIGIN_NOT_TRUSTED, which has to say more. */
const REFUSALS: ReadonlySet<string> = new Set([
  "INVALID_RESPONSE",
  "UNEXPECTED_RESPONSE",
  "UNAUTHORIZED",
]);

function findUntyped(product: Product, one: MapCase, error: unknown): Finding[] {
  const untyped = (text: string): Finding[] => [{ kind: "untyped", text }];
  if (error === undefined) return mustFail(one) ? untyped("nothing was refused") : [];
  if (!product.isTidegateError(error)) return untyped(String(error));
  const refusal = product.isTidegateError(error, "FOREIGN_LAYER") ? error.cause : error;
  if (!mustFail(one)) return [];
  if (!product.isTidegateError(refusal)) return untyped(String(refusal));
  if (!product.isTidegateError(refusal, "ORIGIN_NOT_TRUSTED")) {
    // a POST is never redirected, wherever to
    const isOther = one.means === "broken" || one.leakClass === "token-redirect";
    return isOther && REFUSALS.has(refusal.code) ? [] : untyped(String(refusal));
  }
  const { allow, origin, target } = refusal.details;
  const saysAll = origin === OWN_ORIGIN &&
    [allow, origin, target].every((part) => part !== "" && refusal.message.includes(part));
  return saysAll ? [] : untyped(`says too little: ${refusal.message}`);
}

/** Whether the case has to end in a refusal. */
function mustFail({ leakClass, means, proof, url }: MapCase): boolean {
  if (means === "own" || leakClass === "other-header" || /[^\u0000-\u007f]/.test(url)) return false;
  if (leakClass === "realm" || leakClass === "second-realm" || leakClass === "token-redirect") {
    if (proof === "password" || proof === "bearer") return false; // no endpoint is needed
    return means !== "public" || proof !== "anonymous";
  }
  return means !== "public" || leakClass === "link";
}
