/** The media types of one family of images. */
export interface MediaTypes {
  readonly manifest: string;
  readonly index: string;
  readonly config: string;
  readonly layer: string;
  readonly layerGzip: string;
}

/** OCI image-spec 1.1. */
export const OCI_TYPES: MediaTypes = {
  manifest: "application/vnd.oci.image.manifest.v1+json",
  index: "application/vnd.oci.image.index.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar",
  layerGzip: "application/vnd.oci.image.layer.v1.tar+gzip",
};

/** Docker image manifest version 2, schema 2. */
export const DOCKER_TYPES: MediaTypes = {
  manifest: "application/vnd.docker.distribution.manifest.v2+json",
  index: "application/vnd.docker.distribution.manifest.list.v2+json",
  config: "application/vnd.docker.container.image.v1+json",
  layer: "application/vnd.docker.image.rootfs.diff.tar",
  layerGzip: "application/vnd.docker.image.rootfs.diff.tar.gzip",
};

/** The empty descriptor's media type (image-spec, "Guidance for an Empty Descriptor"). */
export const EMPTY_TYPE = "application/vnd.oci.empty.v1+json";
