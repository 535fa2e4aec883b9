import { isTidegateError, TidegateError } from "../core/mod.ts";

/**
 * What `fetch` threw, as a NETWORK_ERROR. Typed errors pass as they are.
 *
 * The thrown error becomes the `cause` only if it does not quote the query of the URL: some
 * runtimes print the whole URL, and a redirect target's query is a signature.
 */
export function networkError(url: string, cause: unknown): Error {
  if (isTidegateError(cause)) return cause;
  const { origin, search } = new URL(url);
  const quotesQuery = search !== "" && chainOf(cause).some((e) => e.message.includes(search));
  return new TidegateError(
    "NETWORK_ERROR",
    `The connection to ${origin} failed`,
    { origin, reason: reasonOf(cause) },
    quotesQuery ? {} : { cause },
  );
}

/** The most telling code or name in a chain of causes: `ECONNREFUSED` rather than `TypeError`. */
function reasonOf(cause: unknown): string {
  const chain = chainOf(cause);
  const codes = chain.map((e) => (e as { code?: unknown }).code);
  const coded = codes.find((code) => typeof code === "string");
  return coded?.slice(0, 64) ?? chain.at(-1)?.name ?? "unknown";
}

function chainOf(error: unknown): Error[] {
  const chain: Error[] = [];
  for (let e = error; e instanceof Error && chain.length < 8; e = e.cause) chain.push(e);
  return chain;
}
