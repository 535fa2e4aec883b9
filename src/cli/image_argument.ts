import { formatReference, parseReference, type Reference } from "../reference/mod.ts";
import { UsageError } from "./usage_error.ts";

/** Forms of images that are files. */
export type FileForm = "oci" | "oci-archive" | "docker-archive";

/** An image as the command line names it. */
export type ImageArgument =
  | { readonly kind: "registry"; readonly reference: Reference }
  | { readonly kind: "cache"; readonly reference: Reference }
  | {
    readonly kind: FileForm;
    readonly path: string;
    /** Absent: the only image there is. */
    readonly name: string | undefined;
  };

const FORM = /^(oci|oci-archive|docker-archive):(?!\/\/)((?:[A-Za-z]:(?=[\\/]))?[^:]*)(?::(.*))?$/s;

/**
 * Read an image: `[docker://]REFERENCE`, `cache:REFERENCE`, `oci:FOLDER[:NAME]`,
 * `oci-archive:FILE[:NAME]`, `docker-archive:FILE[:NAME]`.
 *
 * A repository that is named like a form must be written with `docker://`.
 *
 * @throws {TidegateError} INVALID_IMAGE_REFERENCE and what else `parseReference` throws.
 * @throws {UsageError} For a form without a path.
 */
export function parseImageArgument(text: string): ImageArgument {
  if (text.startsWith("docker://")) {
    return { kind: "registry", reference: parseReference(text.slice("docker://".length)) };
  }
  if (text.startsWith("cache:")) {
    return { kind: "cache", reference: parseReference(text.slice("cache:".length)) };
  }
  const match = FORM.exec(text);
  if (match === null) return { kind: "registry", reference: parseReference(text) };
  const [, kind, path = "", name] = match;
  if (path === "") throw new UsageError(`${kind}: needs a path, for example ${kind}:./image`);
  return { kind: kind as FileForm, path, name: name === "" ? undefined : name };
}

/** Write an image as {@linkcode parseImageArgument} reads it. */
export function formatImageArgument(image: ImageArgument): string {
  if (image.kind === "registry") return formatReference(image.reference);
  if (image.kind === "cache") return `cache:${formatReference(image.reference)}`;
  return `${image.kind}:${image.path}${image.name === undefined ? "" : `:${image.name}`}`;
}

/**
 * Read an image that must be in a registry.
 *
 * @throws {UsageError} For any other form.
 */
export function parseRegistryArgument(text: string): Reference {
  const image = parseImageArgument(text);
  if (image.kind === "registry") return image.reference;
  throw new UsageError(`The command needs an image in a registry, not ${image.kind}:`);
}
