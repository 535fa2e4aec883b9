import { type Digest, formatDigest } from "../../src/reference/mod.ts";
import type { LoggedRequest } from "../../src/simulation/mod.ts";
import { errorOf, openTestDoor, type TestDoor, type TestDoorOptions } from "./front_door.ts";
import { indexJson } from "./manifests.ts";

export const IMAGE = "application/vnd.oci.image.manifest.v1+json";
export const INDEX = "application/vnd.oci.image.index.v1+json";
const config = { access: { anonymous: ["sim/**:pull,push,delete"] } };

/** An index of two images, as text. */
export const SPARSE: string = JSON.stringify(indexJson(["linux/amd64", "linux/arm64"]));

/** The door's path of a manifest of `acme/app`. */
export const manifestPath = (reference: string): string => `/v2/acme/app/manifests/${reference}`;

export async function textDigest(
  text: string,
  algorithm: "sha256" | "sha512" = "sha256",
): Promise<Digest> {
  const name = algorithm === "sha256" ? "SHA-256" : "SHA-512";
  const bytes = new TextEncoder().encode(text);
  return formatDigest(algorithm, new Uint8Array(await crypto.subtle.digest(name, bytes)));
}

/** A door where everybody may write, whose registry takes indexes of what is not there. */
export async function openSparse(test: TestDoorOptions = {}): Promise<TestDoor> {
  const door = await openTestDoor({ config, ...test });
  door.registry.configure({ push: { sparseIndexes: true, conditional: true } });
  return door;
}

/** A door where everybody may write, whose registry takes what the spec allows. */
export async function openStrict(): Promise<TestDoor> {
  const door = await openTestDoor({ config });
  door.registry.configure({ push: {} });
  return door;
}

/** PUT a manifest of `acme/app`, as an index unless the headers say otherwise. */
export function push(
  { send }: TestDoor,
  reference: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const all = { "content-type": INDEX, ...headers };
  return send(manifestPath(reference), { method: "PUT", body, headers: all });
}

/** What the registry was asked besides to read. */
export function writesIn({ simulation }: TestDoor): readonly LoggedRequest[] {
  return simulation.log.filter(({ method }) => method !== "GET" && method !== "HEAD");
}

/** Status and code of a refusal. */
export async function codeOf(answer: Response): Promise<readonly [number, string]> {
  return [answer.status, (await errorOf(answer)).code];
}
