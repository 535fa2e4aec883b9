import { join } from "node:path";
import {
  type RealRegistry,
  startDistribution,
  startOlareg,
  startRegistry,
  startZot,
} from "../../test/interop/registries.ts";
import { findCommand, GO_TOOLS, type GoToolName, installGoTool } from "../go_tools.ts";
import { findProgram } from "./suite.ts";

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

interface Candidate {
  readonly name: string;
  readonly title: string;
  /** Its program, or why there is none. */
  find(): { readonly program: string } | { readonly missing: string };
  start(program: string, folder: string): Promise<RealRegistry>;
}

const DEBIAN: Candidate = {
  name: "docker-registry",
  title: "Debian's docker-registry",
  find: () => onPath(findCommand("docker-registry"), "apt-get install docker-registry"),
  start: (_, folder) => startRegistry(folder),
};

const ZOT: Candidate = {
  name: "zot",
  title: "zot",
  find: () => onPath(findProgram("zot"), "put it on the PATH"),
  start: startZot,
};

const CANDIDATES: readonly Candidate[] = [
  goCandidate("distribution", startDistribution),
  goCandidate("olareg", (program) => startOlareg(program)),
  DEBIAN,
];

function goCandidate(name: GoToolName, start: Candidate["start"]): Candidate {
  const find: Candidate["find"] = () => {
    try {
      return { program: installGoTool(name) };
    } catch (error) {
      return { missing: error instanceof Error ? error.message : String(error) };
    }
  };
  return { name, title: `${name} ${GO_TOOLS[name].version}`, find, start };
}

function onPath(program: string | undefined, missing: string): ReturnType<Candidate["find"]> {
  return program === undefined ? { missing } : { program };
}

/**
 * Start the registries that are to be had here: Debian's docker-registry where it is installed, and
 * those written in Go, which are built when they are not there yet.
 *
 * @param full With zot, and none may be missing.
 * @param started Takes each as soon as it runs.
 * @throws {Error} When one is missing that may not be.
 */
export async function startUpstreams(
  folder: string,
  full: boolean,
  started: Stoppable[],
): Promise<Upstream[]> {
  const upstreams: Upstream[] = [];
  for (const { name, title, find, start } of full ? [...CANDIDATES, ZOT] : CANDIDATES) {
    const found = find();
    if ("missing" in found) {
      const message = `${name} is not to be had: ${found.missing}`;
      if (full) throw new Error(message);
      console.log(`conformance: ${message}`);
      continue;
    }
    const registry = await start(found.program, join(folder, name));
    started.push(registry);
    upstreams.push({ name, title, host: registry.host });
  }
  return upstreams;
}
