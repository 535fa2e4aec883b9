import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { findCommand, findGoTool } from "../../tools/go_tools.ts";
import { LayoutWriter } from "../support/oci_layout_node.ts";
import { type Running, temporaryFolder } from "../support/processes_node.ts";
import {
  digestsOf,
  failure,
  podman,
  skopeo,
  skopeoPull,
  skopeoPush,
  startContainerd,
} from "./clients.ts";
import { startDocker } from "./docker.ts";
import type { ClientName, LocalStores } from "./push_clients.ts";
import { startRegistry } from "./registries.ts";

/** Whether the long cases are wanted. */
export const FULL: boolean = process.env["TIDEGATE_FULL"] === "1";

/** What is pushed, each from a repository of the source registry. */
export const IMAGES = ["one", "forty", "multi", "big"] as const;
/** One of {@linkcode IMAGES}. */
export type ImageName = typeof IMAGES[number];

/** Length of the one layer of `big`. */
const BIG_BYTES = FULL ? 1024 ** 3 : 64 * 1024 ** 2;

/** Clients that are installed here; the first three of Debian are always there. */
export const CLIENTS: readonly ClientName[] = [
  ...["skopeo", "containerd", "podman"] as const,
  ...(["crane", "oras", "regctl"] as const).filter((name) => findGoTool(name) !== undefined),
  ...findCommand("docker") && findCommand("dockerd") ? ["docker"] as const : [],
];

/** A folder, the servers in it, and a registry with every image. */
export interface PushWorld {
  /** Path in the folder. */
  at(name: string): string;
  /** Stop a server when the world ends. */
  keep<T extends Running>(server: T): T;
  /** An image in the registry that everything is copied from. */
  source(image: ImageName): string;
  readonly sourceHost: string;
  readonly stores: LocalStores;
  /** Path of an OCI layout with every image. */
  readonly layout: string;
  /** Whether a registry has the same bytes as the source, asked without the door. */
  expectSame(image: ImageName, copy: string, credentials?: string): Promise<void>;
  /** Whether a registry has what a client packed anew: that manifest, those layers. */
  expectPacked(image: ImageName, copy: string, digest: string, credentials?: string): Promise<void>;
  close(): Promise<void>;
}

/** Start the clients that keep images, and fill a registry with those of {@linkcode IMAGES}. */
export async function startPushWorld(
  name: string,
  images: readonly ImageName[],
): Promise<PushWorld> {
  const folder = temporaryFolder(name);
  const at = (path: string): string => join(folder.path, path);
  const started: Running[] = [];
  const keep = <T extends Running>(server: T): T => {
    started.push(server);
    return server;
  };
  const registry = keep(await startRegistry(at("source")));
  const stores = await startStores(at, keep);
  const layout = new LayoutWriter(at("layout"));
  const expected = new Map<ImageName, Record<string, string>>();
  const source = (image: ImageName): string => `${registry.host}/app/${image}:latest`;
  for (const image of images) {
    await writeImage(layout, image);
    await skopeoPush(layout.folder, image, source(image));
    expected.set(image, await filesOf(source(image), at("pulled")));
  }
  return {
    ...{ at, keep, source, sourceHost: registry.host, stores, layout: layout.folder },
    expectSame: async (image, copy, credentials) =>
      expect(await filesOf(copy, at("pulled"), credentials)).toEqual(expected.get(image)),
    expectPacked: async (image, copy, digest, credentials) => {
      const files = await filesOf(copy, at("pulled"), credentials);
      expect(`sha256:${files["manifest.json"]}`).toBe(digest.trim());
      expect(await layersOf(copy, credentials)).toEqual(await layersOf(source(image)));
    },
    close: async () => {
      stores.podman.close();
      for (const server of started.reverse()) await server.stop();
      folder.remove();
    },
  };
}

async function startStores(
  at: (path: string) => string,
  keep: <T extends Running>(server: T) => T,
): Promise<LocalStores> {
  const docker = await startDocker(at("docker"));
  if (docker !== undefined) keep(docker);
  const containerd = keep(await startContainerd(at("containerd")));
  return { containerd, podman: podman(at("podman")), docker };
}

async function writeImage(layout: LayoutWriter, image: ImageName): Promise<void> {
  if (image === "multi") await layout.index(image, ["amd64", "arm64", "s390x"]);
  if (image === "one") await layout.image(image, { layers: 1, layerBytes: 100_000 });
  if (image === "forty") await layout.image(image, { layers: 40, layerBytes: 50_000 });
  if (image === "big") await layout.image(image, { layers: 1, layerBytes: BIG_BYTES });
}

/** SHA-256 of every file of an image as a registry gives it. */
async function filesOf(
  image: string,
  folder: string,
  credentials?: string,
): Promise<Record<string, string>> {
  rmSync(folder, { recursive: true, force: true });
  const pulled = await skopeoPull(image, folder, credentials === undefined ? {} : { credentials });
  expect(failure(pulled)).toBe("");
  const digests = await digestsOf(folder);
  rmSync(folder, { recursive: true, force: true });
  return digests;
}

/** Diff ids of the layers, as the configuration of an image has them. */
async function layersOf(image: string, credentials?: string): Promise<readonly string[]> {
  const options = credentials === undefined ? {} : { credentials };
  const inspected = await skopeo(["inspect", "--config"], image, options);
  expect(failure(inspected)).toBe("");
  const config = JSON.parse(inspected.stdout) as { rootfs: { diff_ids: string[] } };
  return config.rootfs.diff_ids;
}
