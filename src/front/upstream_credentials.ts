import { basicCredential, type Credential, type CredentialProvider } from "../auth/mod.ts";
import { type Secret, TidegateError } from "../core/mod.ts";
import type { CredentialSettings, SecretReference, UpstreamSettings } from "../settings/mod.ts";
import type { DoorEnvironment } from "./env.ts";

/**
 * One provider per upstream that has credentials, so that no upstream's transport ever holds
 * another's.
 *
 * @returns By the upstream's name.
 * @throws {TidegateError} CONFIGURATION when a secret is missing, or none that a header can carry.
 */
export function bindCredentials(
  upstreams: readonly UpstreamSettings[],
  environment: DoorEnvironment,
): ReadonlyMap<string, CredentialProvider> {
  const providers = new Map<string, CredentialProvider>();
  for (const { upstream: { name }, credentials } of upstreams) {
    if (credentials === undefined) continue;
    const credential = readCredential(credentials, environment);
    providers.set(name, { id: `front:${name}`, get: () => Promise.resolve(credential) });
  }
  return providers;
}

function readCredential(settings: CredentialSettings, environment: DoorEnvironment): Credential {
  const read = (reference: SecretReference, fits: RegExp, rule: string): Secret => {
    const secret = environment.secret(reference);
    if (fits.test(secret.reveal())) return secret;
    const { secret: key } = reference;
    throw new TidegateError("CONFIGURATION", `The secret ${key} ${rule}`, { key, reason: rule });
  };
  if (settings.kind === "bearer") {
    const rule = "must be visible ASCII without spaces";
    return { kind: "bearer", token: read(settings.token, /^[\u0021-\u007e]+$/, rule) };
  }
  const { username, password } = settings;
  const rule = "must have no colon and no control character"; // RFC 7617 2
  const name = typeof username === "string"
    ? username
    : read(username, /^[^:\u0000-\u001f\u007f]+$/, rule).reveal();
  return basicCredential(name, environment.secret(password));
}
