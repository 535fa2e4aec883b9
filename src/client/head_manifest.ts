import { isTidegateError, type RegistryResponse, TidegateError } from "../core/mod.ts";
import { pullManifestRequest, readPullManifestHead } from "../distribution/mod.ts";
import { type Digest, digestAlgorithm, formatReference, type Reference } from "../reference/mod.ts";
import { discard } from "../transport/mod.ts";
import type { CallOptions, ClientContext } from "./context.ts";
import { getManifest } from "./get_manifest.ts";
import { responseFailure } from "./response_failure.ts";

/** What a registry says of a manifest without sending it. Nothing of it is verified. */
export interface ManifestHead {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly size: number;
}

/**
 * Ask what a tag points to, without a pull (end-3, HEAD; Docker Hub does not count it).
 *
 * Where a registry has no HEAD, or leaves out what is asked for, the manifest itself is got.
 *
 * @throws {TidegateError} NOT_FOUND, DIGEST_MISMATCH when the registry names another digest than
 * the one asked for, or what the registry answered.
 */
export async function headManifest(
  context: ClientContext,
  ref: Reference,
  options: CallOptions = {},
): Promise<ManifestHead> {
  const response = await askHead(context, ref, options);
  if (response.status === 200) {
    const head = readPullManifestHead(response.status, response.headers);
    const digest = agreeOnDigest(ref.digest, head.digest);
    if (digest !== undefined && head.size !== undefined) {
      return { digest, mediaType: head.mediaType, size: head.size };
    }
  } else if (response.status !== 405) {
    const { clock } = context.settings;
    throw await responseFailure(response, formatReference(ref), clock, options.signal);
  }
  const { digest, mediaType, size } = await getManifest(context, ref, options);
  return { digest, mediaType, size };
}

/** Whether a manifest is there. Other failures than "not found" are errors. */
export async function manifestExists(
  context: ClientContext,
  ref: Reference,
  options: CallOptions = {},
): Promise<boolean> {
  try {
    await headManifest(context, ref, options);
    return true;
  } catch (error) {
    if (isTidegateError(error, "NOT_FOUND")) return false;
    throw error;
  }
}

async function askHead(
  { connect, settings }: ClientContext,
  ref: Reference,
  { signal }: CallOptions,
): Promise<RegistryResponse> {
  const { send, target } = connect(ref);
  const wanted = ref.digest ?? ref.tag ?? "latest";
  const response = await send(
    pullManifestRequest(target, wanted, { method: "HEAD", signal }),
  );
  if (response.status === 200 || response.status === 405) discard(response, settings.clock);
  return response;
}

/** Another algorithm than the one asked for says nothing about it. */
function agreeOnDigest(asked: Digest | undefined, told: Digest | undefined): Digest | undefined {
  if (asked === undefined || told === undefined || asked === told) return asked ?? told;
  if (digestAlgorithm(asked) !== digestAlgorithm(told)) return asked;
  const message = `The registry answers for ${told} when asked for ${asked}`;
  throw new TidegateError("DIGEST_MISMATCH", message, { expected: asked, computed: told });
}
