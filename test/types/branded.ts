/**
 * What must not compile. `tsc -p tsconfig.tools.json` fails when one of the lines below is accepted,
 * as its `@ts-expect-error` is then unused. Nothing here runs.
 */
import { isTidegateError, type RegistryRequest, type StatefulHasher } from "../../src/core/mod.ts";
import {
  type BlobHead,
  pullBlobRequest,
  type Route,
  type Target,
} from "../../src/distribution/mod.ts";
import {
  type Descriptor,
  type Manifest,
  parseManifest,
  selectPlatform,
} from "../../src/manifest/mod.ts";
import {
  type Digest,
  digestHex,
  parseDigest,
  parseReference,
  tryParseDigest,
} from "../../src/reference/mod.ts";

declare const target: Target;
declare const manifest: Manifest;
declare const route: Route;
declare const head: BlobHead;
declare const hasher: StatefulHasher;
declare const caught: unknown;

const digest: Digest = parseDigest("sha256:…");

// a digest is a string, a string is no digest
export const text: string = digest;
// @ts-expect-error unchecked text is no digest
export const unchecked: Digest = "sha256:…";
// @ts-expect-error what may be undefined is no digest
export const perhaps: Digest = tryParseDigest("sha256:…");
// @ts-expect-error unchecked text does not get into a URL
pullBlobRequest(target, "sha256:…");
// @ts-expect-error unchecked text has no hex
digestHex("sha256:…");
// @ts-expect-error a descriptor's digest is checked
export const descriptor: Descriptor = { mediaType: "a/b", digest: "sha256:…", size: 1 };

const reference = parseReference("nginx");
// @ts-expect-error a reference may have no tag
export const tag: string = reference.tag;
// @ts-expect-error a reference is not changed in place
reference.repository = "x";
// @ts-expect-error absent is absent, not undefined
export const untagged: typeof reference = { registry: "a", repository: "b", tag: undefined };

// @ts-expect-error the kind of a manifest must be asked first
void manifest.layers;
if (manifest.kind === "image") {
  void manifest.layers;
  // @ts-expect-error an image has no list of manifests
  void manifest.manifests;
  // @ts-expect-error there is nothing to choose from in an image
  selectPlatform(manifest, { os: "linux", architecture: "amd64" });
}
// @ts-expect-error text is no document: what is hashed is bytes
parseManifest("{}");

// @ts-expect-error a ping has no name
void route.name;
if (route.kind === "blob") pullBlobRequest(target, route.digest);
// @ts-expect-error the size may not be known
export const size: number = head.size;

// @ts-expect-error the kinds of requests are few
export const kind: RegistryRequest["kind"] = "catalog";
// @ts-expect-error a digest has an algorithm that can be verified
export const algorithm: typeof hasher.algorithm = "sha384";

if (isTidegateError(caught, "PLATFORM_NOT_FOUND")) {
  void caught.details.available;
  // @ts-expect-error details are those of the code
  void caught.details.expected;
}
// @ts-expect-error the codes are a closed list
isTidegateError(caught, "OOPS");
