/**
 * Push an image out of an OCI image layout, as `skopeo copy … oci:layout` or `docker buildx build
 * --output type=oci,tar=false,dest=layout` write it. Credentials are those of `docker login`.
 *
 *     node examples/node/push.ts layout registry.example.com/acme/app:v1
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { createRegistryClient, parseReference } from "tidegate";
import { dockerConfigCredentials, dockerConfigHost } from "tidegate/auth";
import { fileSource } from "tidegate/client/file";

const [folder = "layout", image = "localhost:5000/acme/app:v1"] = process.argv.slice(2);

const registry = createRegistryClient({ credentials: dockerConfigCredentials(dockerConfigHost()) });
const path = (digest: string) => join(folder, "blobs", digest.replace(":", "/"));
const { manifests } = JSON.parse(await readFile(join(folder, "index.json"), "utf8"));

const { root, uploaded, mounted, skipped } = await registry.pushImage(parseReference(image), {
  manifest: async (digest = manifests[0].digest) => ({ bytes: await readFile(path(digest)) }),
  // opened only if the registry lacks it, and read again from where a broken upload stands
  openBlob: ({ digest }) => fileSource(path(digest)),
}, {
  onProgress({ state, descriptor }): void {
    if (state === "done" || state === "skipped") console.log(`${descriptor.digest}  ${state}`);
  },
});
console.log(`${image} is ${root.digest}: ${uploaded} sent, ${mounted} mounted, ${skipped} there`);
