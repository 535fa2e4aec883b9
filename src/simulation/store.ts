import type { Content } from "./content.ts";
import type { BuiltImage } from "./image.ts";

/** A manifest as it was pushed. */
export interface StoredManifest {
  readonly digest: string;
  readonly mediaType: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** One repository: what it holds under which digest, and which tag means what. */
export interface Repository {
  readonly name: string;
  readonly blobs: Map<string, Content>;
  readonly manifests: Map<string, StoredManifest>;
  readonly tags: Map<string, string>;
}

/** An empty repository. */
export function createRepository(name: string): Repository {
  return { name, blobs: new Map(), manifests: new Map(), tags: new Map() };
}

/** A repository by its name, made empty if it is not there. */
export function repositoryOf(repositories: Map<string, Repository>, name: string): Repository {
  const repository = repositories.get(name) ?? createRepository(name);
  repositories.set(name, repository);
  return repository;
}

/** File an image and everything below it. Tags point at the image itself. */
export function storeImage(
  repository: Repository,
  image: BuiltImage,
  tags: readonly string[] = [],
): void {
  for (const blob of image.blobs) repository.blobs.set(blob.digest, blob.content);
  for (const child of image.children) storeImage(repository, child);
  const { digest, mediaType, bytes } = image;
  repository.manifests.set(digest, { digest, mediaType, bytes });
  for (const tag of tags) repository.tags.set(tag, digest);
}

/** The manifest that a tag or a digest names. */
export function findManifest(
  repository: Repository,
  reference: string,
): StoredManifest | undefined {
  return repository.manifests.get(repository.tags.get(reference) ?? reference);
}
