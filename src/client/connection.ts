import type { Send, Upstream } from "../core/mod.ts";
import type { Target } from "../distribution/mod.ts";
import type { Reference } from "../reference/mod.ts";
import { createTransport, stack } from "../transport/mod.ts";
import { resolveUpstream } from "../upstream/mod.ts";
import type { ClientSettings } from "./options.ts";

/** Where a repository is, and the way there. */
export interface RepositoryConnection {
  readonly upstream: Upstream;
  readonly target: Target;
  readonly send: Send;
}

/** Finds the way to the registry of a reference. */
export type Connect = (ref: Pick<Reference, "registry" | "repository">) => RepositoryConnection;

/** One transport for each upstream, made when first needed and kept as long as the client. */
export function createConnect(settings: ClientSettings): Connect {
  const ways = new Map<string, { readonly upstream: Upstream; readonly send: Send }>();
  return ({ registry, repository }) => {
    const way = ways.get(registry) ?? open(registry, settings);
    ways.set(registry, way);
    return { ...way, target: { origin: way.upstream.origin, repository } };
  };
}

function open(
  registry: string,
  settings: ClientSettings,
): { readonly upstream: Upstream; readonly send: Send } {
  const upstream = findUpstream(registry, settings.upstreams) ?? resolveUpstream(registry);
  const transport = createTransport({ ...settings, ...settings.transport, upstream });
  return { upstream, send: stack(transport, settings.layers) };
}

/** By its name, by the hosts that mean it, or by its own host. */
function findUpstream(registry: string, upstreams: readonly Upstream[]): Upstream | undefined {
  return upstreams.find(({ name }) => name === registry) ??
    upstreams.find(({ profile }) => profile.hosts.includes(registry)) ??
    upstreams.find(({ origin }) => new URL(origin).host === registry);
}
