import { createPrivateKey, X509Certificate } from "node:crypto";
import { TidegateError } from "../core/mod.ts";

/**
 * Check a certificate and its key, which some runtimes do not do before the first connection.
 *
 * @throws {TidegateError} CONFIGURATION when one of them is none, or they do not belong together.
 */
export function assertKeyPair(
  { cert, key }: { readonly cert: string; readonly key: string },
): void {
  const certificate = read("a certificate", () => new X509Certificate(cert));
  const privateKey = read("a private key without a password", () => createPrivateKey(key));
  if (!certificate.checkPrivateKey(privateKey)) {
    throw unfit("must be a certificate and its own key");
  }
}

/** The cause stays away: it may quote the key. */
function read<T>(what: string, parse: () => T): T {
  try {
    return parse();
  } catch {
    throw unfit(`must hold ${what} (PEM)`);
  }
}

function unfit(reason: string): TidegateError<"CONFIGURATION"> {
  return new TidegateError("CONFIGURATION", `The key tls ${reason}`, { key: "tls", reason });
}
