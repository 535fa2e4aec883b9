import type { HashAlgorithm, Hasher, HasherFactory } from "../core/mod.ts";

interface DigestStream extends WritableStream<Uint8Array> {
  readonly digest: Promise<ArrayBuffer>;
}

interface WorkerdCrypto {
  readonly DigestStream?: new (algorithm: string) => DigestStream;
}

const NAMES: Readonly<Record<HashAlgorithm, string>> = { sha256: "SHA-256", sha512: "SHA-512" };

/** Hashers over `crypto.DigestStream`, which only workerd has; undefined elsewhere. */
export function findWorkerdHasher(): HasherFactory | undefined {
  const { DigestStream } = crypto as WorkerdCrypto;
  return DigestStream && ((algorithm) => wrapStream(algorithm, new DigestStream(NAMES[algorithm])));
}

function wrapStream(algorithm: HashAlgorithm, stream: DigestStream): Hasher {
  const writer = stream.getWriter();
  // Both reject when the hash is given up; nobody may be waiting then.
  stream.digest.catch(() => {});
  writer.closed.catch(() => {});
  return {
    algorithm,
    update: (chunk) => writer.write(chunk),
    async digest(): Promise<Uint8Array<ArrayBuffer>> {
      await writer.close();
      return new Uint8Array(await stream.digest);
    },
    abort(): void {
      writer.abort(new Error("The hash was given up")).catch(() => {});
    },
  };
}
