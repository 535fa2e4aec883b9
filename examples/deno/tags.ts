/**
 * The tags of a repository, and the digest that each points at.
 *
 *     deno run --allow-net examples/deno/tags.ts ghcr.io/astral-sh/uv 10
 */
import { createRegistryClient, parseReference } from "tidegate";

const [repository = "docker.io/library/alpine", count = "10"] = Deno.args;

const registry = createRegistryClient();
const ref = parseReference(repository);

let left = Number(count);
for await (const tag of registry.tags.list(ref)) {
  if (left-- === 0) break;
  const { digest, mediaType } = await registry.manifests.head({ ...ref, tag });
  console.log(`${tag}\t${digest}\t${mediaType}`);
}
