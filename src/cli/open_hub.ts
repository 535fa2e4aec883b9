import { createDockerHubClient, type DockerHubClient } from "../hub/mod.ts";
import type { CommandContext } from "./command.ts";
import { openClient } from "./open_client.ts";

/** A client of Docker Hub and its API, as the command line asks for it. */
export async function openHub(context: CommandContext): Promise<{ readonly hub: DockerHubClient }> {
  const { options, settings, upstreamOf } = await openClient(context, "docker.io");
  const { origin, tokenOrigins } = upstreamOf("docker.io");
  const { upstreams: _, ...shared } = options;
  const hub = createDockerHubClient({
    ...shared,
    hubOrigin: settings.hubUrl,
    registryOrigin: origin,
    ...(tokenOrigins[0] && { authOrigin: tokenOrigins[0] }),
    rateLimit: { lowThreshold: settings.lowThreshold },
    scout: false,
  });
  return { hub };
}
