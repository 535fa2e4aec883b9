import type { Upstream } from "../core/mod.ts";
import { parseReference } from "../reference/mod.ts";
import { UsageError } from "./usage_error.ts";

/** The registry that a command is about: a host, or Docker Hub by default. */
export function registryArgument(word: string | undefined): string {
  if (word === undefined) return "docker.io";
  const host = word.replace(/^https?:\/\//, "").replace(/\/(v[12]\/?)?$/, "");
  if (host === "" || /[/@?#\s]/.test(host)) {
    throw new UsageError("A registry is a host, maybe with a port: ghcr.io, localhost:5000");
  }
  // the rules for hosts are those of references; one without a dot is a host here
  return parseReference(`${isHostOnly(host) ? host : `${host}:443`}/login`).registry.replace(
    isHostOnly(host) ? "" : ":443",
    "",
  );
}

function isHostOnly(host: string): boolean {
  return host === "localhost" || /[.:]/.test(host);
}

/** What docker files a registry under. */
export function loginKey(registry: string, { profile }: Upstream): string {
  const [known] = profile.credentialKeys;
  return known !== undefined && profile.hosts.includes(registry) ? known : registry;
}
