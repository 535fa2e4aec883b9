import type { FrontDoorSettings, UpstreamSettings } from "../settings/mod.ts";

/** Which upstream serves a request, and under which name it knows the repository. */
export interface Selection {
  readonly upstream: UpstreamSettings;
  /** The upstream's name of the repository: prefix removed, `library/` added on Docker Hub. */
  readonly repository: string;
  /** The `?ns=` that selected it, to be echoed as `OCI-Namespace`. */
  readonly namespace: string | undefined;
}

/** Whether the door answers under this `Host`, compared exactly, port included. */
export function isKnownHost(settings: FrontDoorSettings, host: string): boolean {
  const { hosts, upstreams } = settings;
  const bound = upstreams.some((upstream) => upstream.host !== undefined);
  if (hosts.length === 0 && !bound) return true; // whoever routes requests here decides
  return hosts.includes(host) || upstreams.some((upstream) => upstream.host === host);
}

/**
 * Choose the upstream for a repository name: by `?ns=`, else by host, else by the longest prefix,
 * else the default one. Only configured upstreams can be chosen.
 *
 * @param name The repository as the path spells it, already checked against the grammar.
 * @param namespace The value of `?ns=`, if given.
 * @returns Undefined when nothing configured fits.
 */
export function selectUpstream(
  settings: FrontDoorSettings,
  { host, name, namespace }: { host: string; name: string; namespace: string | undefined },
): Selection | undefined {
  const { upstreams } = settings;
  if (namespace !== undefined) return selection(byNamespace(upstreams, namespace), name, namespace);
  const byHost = upstreams.find((upstream) => upstream.host === host);
  if (byHost !== undefined) return selection(byHost, name);
  const prefixed = byPrefix(upstreams, name);
  if (prefixed?.prefix !== undefined) {
    return selection(prefixed, name.slice(prefixed.prefix.length + 1));
  }
  return selection(upstreams.find(({ isDefault }) => isDefault), name);
}

function selection(
  upstream: UpstreamSettings | undefined,
  name: string,
  namespace?: string,
): Selection | undefined {
  return upstream && { upstream, repository: upstreamName(upstream, name), namespace };
}

function byNamespace(
  upstreams: readonly UpstreamSettings[],
  namespace: string,
): UpstreamSettings | undefined {
  const fitting = upstreams.filter(({ namespaces }) => namespaces.includes(namespace));
  return fitting.find(({ isDefault }) => isDefault) ?? fitting[0];
}

function byPrefix(
  upstreams: readonly UpstreamSettings[],
  name: string,
): UpstreamSettings | undefined {
  const length = ({ prefix }: UpstreamSettings): number => prefix?.length ?? 0;
  return upstreams
    .filter(({ prefix }) => prefix !== undefined && name.startsWith(`${prefix}/`))
    .reduce<UpstreamSettings | undefined>(
      (best, one) => best === undefined || length(one) > length(best) ? one : best,
      undefined,
    );
}

/** Docker Hub's official images are `library/…`; docker adds that only when it talks to Hub itself. */
function upstreamName({ upstream }: UpstreamSettings, name: string): string {
  return upstream.profile.name === "hub" && !name.includes("/") ? `library/${name}` : name;
}
