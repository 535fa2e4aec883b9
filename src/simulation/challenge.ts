/** What a Bearer challenge says. */
export interface ChallengeFacts {
  readonly realm: string;
  readonly service: string;
  /** Absent for `/v2/`. */
  readonly scope?: string;
  readonly error?: "invalid_token" | "insufficient_scope";
}

/**
 * How the challenge is written. `standard` as distribution does; `several`: after Negotiate and
 * Basic in one header; `separate`: a Basic header before it; `spaced`, `unquoted`, `lower-case`,
 * `escaped`: legal or seen spellings; `relative`: the realm is a path; `no-scope`: left out.
 */
export type ChallengeStyle =
  | "standard"
  | "several"
  | "separate"
  | "spaced"
  | "unquoted"
  | "lower-case"
  | "escaped"
  | "relative"
  | "no-scope";

/** The `WWW-Authenticate` lines of a challenge. */
export type ChallengeWriter = (facts: ChallengeFacts) => readonly string[];

const WRITERS: Readonly<Record<ChallengeStyle, ChallengeWriter>> = {
  standard: (facts) => [bearer(facts)],
  several: (facts) => [`Negotiate, Basic realm="${facts.service}", ${bearer(facts)}`],
  separate: (facts) => [`Basic realm="${facts.service}"`, bearer(facts)],
  spaced: (facts) => [`Bearer   ${parameters(facts, ' = "', '"', " ,  ")}`],
  unquoted: (facts) => [`Bearer ${parameters(facts, "=", "", ",")}`],
  "lower-case": (facts) => [bearer(facts).replace("Bearer realm", "bearer REALM")],
  escaped: (facts) => [bearer(facts).replace(/([a-z])"/g, '\\$1"')],
  relative: (facts) => [bearer({ ...facts, realm: new URL(facts.realm).pathname })],
  "no-scope": ({ realm, service }) => [bearer({ realm, service })],
};

/** Write a challenge in a style, or as a function says. */
export function writeChallenge(
  facts: ChallengeFacts,
  style: ChallengeStyle | ChallengeWriter = "standard",
): readonly string[] {
  return typeof style === "function" ? style(facts) : WRITERS[style](facts);
}

function bearer(facts: ChallengeFacts): string {
  return `Bearer ${parameters(facts, '="', '"', ",")}`;
}

function parameters(facts: ChallengeFacts, open: string, close: string, comma: string): string {
  const { realm, service, scope, error } = facts;
  return Object.entries({ realm, service, scope, error })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}${open}${value}${close}`)
    .join(comma);
}
