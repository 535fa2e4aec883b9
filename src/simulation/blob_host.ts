import { IttyRouter } from "itty-router";
import type { IRequest } from "itty-router";
import type { Clock } from "../core/mod.ts";
import { blobReply } from "./blob_reply.ts";
import type { Content } from "./content.ts";
import type { RegistryQuirks } from "./quirks.ts";
import { textReply } from "./reply.ts";
import type { Reply, SimulatedRequest } from "./reply.ts";
import { randomHex } from "./seeded_random.ts";
import type { SeededRandom } from "./seeded_random.ts";

/** How a simulated blob store behaves. */
export interface BlobHostSettings {
  /** How long a signed URL works, in seconds. Default is 300. */
  readonly lifetimeSeconds: number;
  /** What an `Authorization` header gets: 400 as S3 and R2 say, or `ignore`. Default is 400. */
  readonly authorization: 400 | "ignore";
  /** Whether a URL signed for GET also serves HEAD. S3 says 403. Default is true. */
  readonly allowsHead: boolean;
  /** Range and encoding deviations. */
  readonly quirks: Pick<
    RegistryQuirks,
    "ignoreRange" | "contentRange" | "unknownRangeTotal" | "gzipBlobs"
  >;
}

/** A simulated object store behind signed URLs: where registries redirect for blobs. */
export interface SimulatedBlobHost {
  readonly kind: "blobs";
  readonly origin: string;
  /** Where it is reached: the origin, or a loopback address while it is served over HTTP. */
  address: string;
  readonly settings: BlobHostSettings;
  /** Change how it behaves, from the next request on. */
  configure(changes: Partial<BlobHostSettings>): void;
  /** A URL under which a blob can be fetched for a while. The path is `/blobs/<digest>`. */
  sign(digest: string, content: Content): string;
  handle(request: SimulatedRequest): Promise<Reply>;
}

interface Signed {
  readonly digest: string;
  readonly content: Content;
  readonly expiresAt: number;
}

const DEFAULTS: BlobHostSettings = {
  lifetimeSeconds: 300,
  authorization: 400,
  allowsHead: true,
  quirks: {},
};

/** Create a blob store. */
export function createBlobHost(
  origin: string,
  { clock, random, ...changes }:
    & { clock: Clock; random: SeededRandom }
    & Partial<BlobHostSettings>,
): SimulatedBlobHost {
  let settings = { ...DEFAULTS, ...changes };
  const signed = new Map<string, Signed>();
  const router = IttyRouter<IRequest, [SimulatedRequest]>();
  const get = async ({ params }: IRequest, request: SimulatedRequest): Promise<Reply> => {
    const refusal = refuse(request, settings);
    if (refusal) return refusal;
    const signature = new URL(request.url).searchParams.get("signature") ?? "";
    const found = signed.get(signature);
    if (found === undefined || found.digest !== params["digest"]) return xml(403, "AccessDenied");
    if (found.expiresAt <= clock.now()) return xml(403, "ExpiredToken");
    return await blobReply(request, found.digest, found.content, settings.quirks);
  };
  router.get("/blobs/:digest", get);
  router.head("/blobs/:digest", get);
  router.all("*", () => xml(404, "NoSuchKey"));
  return {
    kind: "blobs",
    origin,
    address: origin,
    get settings() {
      return settings;
    },
    configure(more): void {
      settings = { ...settings, ...more };
    },
    sign(digest, content): string {
      const signature = randomHex(random, 64);
      const expiresAt = clock.now() + settings.lifetimeSeconds * 1000;
      signed.set(signature, { digest, content, expiresAt });
      return `${this.address}/blobs/${digest}?expires=${expiresAt}&signature=${signature}`;
    },
    handle: async (request) =>
      await router.fetch({ method: request.method, url: request.url }, request) as Reply,
  };
}

function refuse(
  { method, headers }: SimulatedRequest,
  { authorization, allowsHead }: BlobHostSettings,
): Reply | undefined {
  if (headers.has("authorization") && authorization === 400) return xml(400, "InvalidArgument");
  return method === "HEAD" && !allowsHead ? xml(403, "SignatureDoesNotMatch") : undefined;
}

function xml(status: number, code: string): Reply {
  return textReply(status, `<?xml version="1.0"?><Error><Code>${code}</Code></Error>`, [
    ["content-type", "application/xml"],
  ]);
}
