import { basicCredential, type Credential, type CredentialProvider } from "../auth/mod.ts";
import type { CredentialSettings, UpstreamSettings } from "../settings/mod.ts";
import type { DoorEnvironment } from "./env.ts";

/**
 * One provider per upstream that has credentials, so that no upstream's transport ever holds
 * another's.
 *
 * @returns By the upstream's name.
 * @throws {TidegateError} CONFIGURATION when a secret is missing.
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
  if (settings.kind === "bearer") {
    return { kind: "bearer", token: environment.secret(settings.token) };
  }
  const { username, password } = settings;
  const name = typeof username === "string" ? username : environment.secret(username).reveal();
  return basicCredential(name, environment.secret(password));
}
