import { DONE, problem } from "./github_reply.ts";
import type { GithubState, SimulatedPackage, SimulatedVersion } from "./github_state.ts";
import type { Reply } from "./reply.ts";
import type { Repository } from "./store.ts";

const RESTORABLE_MS = 30 * 24 * 60 * 60 * 1000;
const MOST_DOWNLOADS = 5000;

/** Bring packages up to what was pushed: each manifest of a repository is a version. */
export function syncPackages(state: GithubState): void {
  const { settings: { registry }, packages, clock } = state;
  for (const name of registry.repositories()) {
    const repository = registry.repository(name);
    if (repository.manifests.size === 0 || !name.includes("/")) continue;
    const found = packages.get(name) ??
      { id: ++state.lastId, repository: name, createdAt: clock.now(), versions: [] };
    packages.set(name, found);
    state.deleted.delete(name);
    syncVersions(state, found, repository);
  }
}

function syncVersions(
  state: GithubState,
  { versions }: SimulatedPackage,
  repository: Repository,
): void {
  const now = state.clock.now();
  for (const digest of repository.manifests.keys()) {
    const tags = [...repository.tags].filter(([, to]) => to === digest).map(([tag]) => tag);
    const known = versions.find((version) => version.digest === digest && !version.deleted);
    if (known === undefined) {
      const id = ++state.lastId;
      versions.push({ id, digest, createdAt: now, updatedAt: now, downloads: 0, tags });
    } else if (known.tags.join() !== tags.join()) Object.assign(known, { tags, updatedAt: now });
  }
}

/** Delete a package with all that it holds. */
export function deletePackage(state: GithubState, found: SimulatedPackage): Reply {
  const { registry } = state.settings;
  const repository = registry.repository(found.repository);
  for (const version of found.versions) if (!version.deleted) retire(state, repository, version);
  state.packages.delete(found.repository);
  state.deleted.set(found.repository, found);
  return DONE;
}

/** Restore a package with the versions that were deleted with it. */
export function restorePackage(state: GithubState, repository: string): Reply {
  const found = state.deleted.get(repository);
  if (found === undefined) return problem(404, "Package not found.");
  state.deleted.delete(repository);
  state.packages.set(repository, found);
  for (const version of found.versions) restoreVersion(state, found, version);
  return DONE;
}

/** Delete a version with its tags. */
export function deleteVersion(
  state: GithubState,
  found: SimulatedPackage,
  version: SimulatedVersion,
): Reply {
  const isPublic = state.settings.visibility[found.repository] === "public";
  if (isPublic && version.downloads > MOST_DOWNLOADS) {
    const text =
      "Publicly visible package versions with more than 5000 downloads cannot be deleted. " +
      "Contact GitHub support for further assistance.";
    return problem(400, text);
  }
  if (found.versions.filter(({ deleted }) => !deleted).length === 1) {
    const text = "You cannot delete the last tagged version of a package. " +
      "You must delete the package instead.";
    return problem(400, text);
  }
  retire(state, state.settings.registry.repository(found.repository), version);
  return DONE;
}

/** Put a deleted version back, with the tags that nothing else has taken. */
export function restoreVersion(
  { settings: { registry }, clock }: GithubState,
  { repository: name }: SimulatedPackage,
  version: SimulatedVersion,
): Reply {
  const { deleted, digest, tags } = version;
  if (deleted === undefined || clock.now() - deleted.at > RESTORABLE_MS) {
    return problem(404, "Version not found.");
  }
  const repository = registry.repository(name);
  repository.manifests.set(digest, deleted.manifest);
  for (const tag of tags) if (!repository.tags.has(tag)) repository.tags.set(tag, digest);
  delete version.deleted;
  return DONE;
}

function retire(
  { clock }: GithubState,
  { manifests, tags }: Repository,
  version: SimulatedVersion,
): void {
  const manifest = manifests.get(version.digest);
  if (manifest === undefined) return;
  version.deleted = { at: clock.now(), manifest };
  manifests.delete(version.digest);
  for (const [tag, digest] of tags) if (digest === version.digest) tags.delete(tag);
}
