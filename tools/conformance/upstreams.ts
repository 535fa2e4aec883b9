import { join } from "node:path";
import {
  type RealRegistry,
  startDistribution,
  startOlareg,
  startRegistry,
  startZot,
} from "../../test/interop/registries.ts";
import { findCommand, installGoTool } from "../go_tools.ts";

/** Something that runs until it is told otherwise. */
export interface Stoppable {
  stop(): Promise<void>;
}

/** A registry behind the front door. */
export interface Upstream {
  /** Its name in the door's configuration, which is its prefix too. */
  readonly name: string;
  /** In the report. */
  readonly title: string;
  /** Host and port. */
  readonly host: string;
}

/**
 * Start every registry that is to be had here: Debian's docker-registry where it is installed, and
 * those written in Go, which are built when they are not there yet.
 *
 * @param full With zot, where it is on the PATH.
 * @param started Takes each as soon as it runs.
 */
export async function startUpstreams(
  folder: string,
  full: boolean,
  started: Stoppable[],
): Promise<Upstream[]> {
  const at = (name: string): string => join(folder, name);
  const upstreams: Upstream[] = [];
  const keep = async (name: string, title: string, start: Promise<RealRegistry>): Promise<void> => {
    const registry = await start;
    started.push(registry);
    upstreams.push({ name, title, host: registry.host });
  };
  const distribution = installGoTool("distribution");
  await keep("distribution", "distribution 3", startDistribution(distribution, at("v3")));
  await keep("olareg", "olareg", startOlareg(installGoTool("olareg")));
  if (findCommand("docker-registry") === undefined) leftOut("docker-registry");
  else await keep("docker-registry", "docker-registry 2.8", startRegistry(at("v2")));
  const zot = findCommand("zot");
  if (zot !== undefined && full) await keep("zot", "zot", startZot(zot, at("zot")));
  else leftOut("zot");
  return upstreams;
}

function leftOut(name: string): void {
  console.log(`conformance: ${name} is left out`);
}
