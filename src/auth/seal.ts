import { concatBytes, encodeBase64Url, encodeUtf8, type Random, Secret } from "../core/mod.ts";
import { TidegateError } from "../core/mod.ts";

/** Seals values so that only a holder of the key can read them, and only under their own name. */
export interface Sealer {
  /**
   * The names under which a key's value may be stored, the one to write to first. They tell nothing
   * about the key, and no two keys share one: HMAC-SHA-256 in base64url, 43 characters.
   */
  names(key: Uint8Array<ArrayBuffer>): Promise<readonly string[]>;
  /** Seal for a name that {@linkcode Sealer.names} gave, with the first sealing key. */
  seal(name: string, value: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>>;
  /** Open what was sealed for this name by any of the keys; undefined for everything else. */
  open(name: string, sealed: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer> | undefined>;
}

/** Shortest sealing key. 32 random bytes are 44 characters of base64 or 64 of hex. */
export const MIN_SEALING_KEY_BYTES = 32;

const VERSION = 1;
const NONCE_BYTES = 12; // random: 2^32 values per key stay under a 2^-32 risk of a repeat (SP 800-38D 8.3)
const TAG_BYTES = 16;

/** What sealed values are. No value sealed for one purpose opens for another. */
export type SealPurpose = "token" | "session";

interface KeyPair {
  readonly seal: CryptoKey;
  readonly name: CryptoKey;
}

/**
 * AES-256-GCM with a random nonce; the additional data is the purpose, the name and the version, so
 * that a value moved to another name, or taken from another version, does not open. Each purpose has
 * keys of its own, too.
 *
 * @param keys The first seals, all open: put a new key first and drop the old one when its values
 * have expired. Without keys one is made up, and nothing opens anywhere else.
 * @throws {TidegateError} CONFIGURATION for a key under 32 bytes.
 */
export function createSealer(
  keys: readonly Secret[] | undefined,
  random: Random,
  purpose: SealPurpose = "token",
): Sealer {
  const secrets = keys === undefined || keys.length === 0
    ? [new Secret(random.bytes(MIN_SEALING_KEY_BYTES))]
    : keys;
  for (const secret of secrets) assertLongEnough(secret);
  // keys are held once derived, never the promise: it would belong to one Worker request
  let held: readonly KeyPair[] | undefined;
  const pairs = async (): Promise<readonly KeyPair[]> =>
    held ??= await Promise.all(secrets.map((secret) => deriveKeys(secret, purpose)));

  return {
    async names(key: Uint8Array<ArrayBuffer>): Promise<readonly string[]> {
      const macs = (await pairs()).map((pair) => crypto.subtle.sign("HMAC", pair.name, key));
      return (await Promise.all(macs)).map((mac) => encodeBase64Url(new Uint8Array(mac)));
    },
    async seal(
      name: string,
      value: Uint8Array<ArrayBuffer>,
    ): Promise<Uint8Array<ArrayBuffer>> {
      const [pair] = await pairs() as [KeyPair, ...KeyPair[]];
      const iv = random.bytes(NONCE_BYTES);
      const box = await crypto.subtle.encrypt(algorithm(purpose, name, iv), pair.seal, value);
      return concatBytes([Uint8Array.of(VERSION), iv, new Uint8Array(box)]);
    },
    async open(
      name: string,
      sealed: Uint8Array<ArrayBuffer>,
    ): Promise<Uint8Array<ArrayBuffer> | undefined> {
      if (sealed.length < 1 + NONCE_BYTES + TAG_BYTES || sealed[0] !== VERSION) return undefined;
      const iv = sealed.slice(1, 1 + NONCE_BYTES);
      const box = sealed.slice(1 + NONCE_BYTES);
      const how = algorithm(purpose, name, iv);
      for (const pair of await pairs()) {
        try {
          return new Uint8Array(await crypto.subtle.decrypt(how, pair.seal, box));
        } catch {
          // another key's, or nobody's
        }
      }
      return undefined;
    },
  };
}

function algorithm(
  purpose: SealPurpose,
  name: string,
  iv: Uint8Array<ArrayBuffer>,
): AesGcmParams {
  const additionalData = encodeUtf8(`tidegate ${purpose} ${VERSION} ${name}`);
  return { name: "AES-GCM", iv, additionalData };
}

async function deriveKeys(secret: Secret, purpose: SealPurpose): Promise<KeyPair> {
  const bytes = secret.revealBytes();
  const base = await crypto.subtle.importKey("raw", bytes, "HKDF", false, ["deriveKey"]);
  const hkdf = (info: string): HkdfParams => ({
    name: "HKDF",
    hash: "SHA-256",
    salt: new Uint8Array(0),
    info: encodeUtf8(`tidegate ${purpose} ${VERSION} ${info}`),
  });
  const aes = { name: "AES-GCM", length: 256 };
  const hmac = { name: "HMAC", hash: "SHA-256", length: 256 };
  const [seal, name] = await Promise.all([
    crypto.subtle.deriveKey(hkdf("seal"), base, aes, false, ["encrypt", "decrypt"]),
    crypto.subtle.deriveKey(hkdf("name"), base, hmac, false, ["sign"]),
  ]);
  return { seal, name };
}

function assertLongEnough(secret: Secret): void {
  if (secret.length >= MIN_SEALING_KEY_BYTES) return;
  const reason = `a key has ${secret.length} bytes and needs ${MIN_SEALING_KEY_BYTES}`;
  throw new TidegateError("CONFIGURATION", `In sealingKeys ${reason}`, {
    key: "sealingKeys",
    reason,
  });
}
