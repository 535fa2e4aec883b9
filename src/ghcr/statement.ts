import {
  decodeBase64,
  decodeUtf8,
  isJsonObject,
  isTidegateError,
  type Json,
  type JsonObject,
} from "../core/mod.ts";
import { type Digest, tryParseDigest } from "../reference/mod.ts";
import { githubAnswer } from "./fields.ts";

const { readJson, readList, readObject, readString } = githubAnswer;

/**
 * What somebody states about an artifact.
 * @see {@link https://github.com/in-toto/attestation/tree/main/spec | in-toto Attestation Framework}
 */
export interface Statement {
  /** A URI that says what `predicate` is: `https://in-toto.io/attestation/vulns/v0.1`. */
  readonly predicateType: string;
  /** Whom it is about. */
  readonly subjects: readonly Digest[];
  readonly predicate: JsonObject;
}

/** Media types of the documents that {@linkcode readStatement} takes. */
export function isStatementType(mediaType: string): boolean {
  return mediaType === "application/vnd.in-toto+json" ||
    mediaType === "application/vnd.dsse.envelope.v1+json" ||
    /^application\/vnd\.dev\.sigstore\.bundle[.+]/.test(mediaType);
}

/**
 * Read a statement: as it is, or out of the envelope or the Sigstore bundle around it. The signature
 * is not checked: that is for a verifier with keys and policies.
 *
 * @throws {TidegateError} INVALID_RESPONSE for anything else.
 */
export function readStatement(document: Json): Statement {
  const fields = readObject(document, "statement");
  if (fields["dsseEnvelope"] !== undefined) return readStatement(fields["dsseEnvelope"]);
  if (fields["payload"] !== undefined) return readStatement(openEnvelope(fields));
  const type = readString(fields["_type"], "statement._type");
  if (!type.startsWith("https://in-toto.io/Statement/")) {
    throw githubAnswer.invalid("statement._type", "must be that of an in-toto statement");
  }
  return {
    predicateType: readString(fields["predicateType"], "statement.predicateType"),
    subjects: readList(fields["subject"], "statement.subject", readSubject).flat(),
    predicate: isJsonObject(fields["predicate"]) ? fields["predicate"] : {},
  };
}

/** The payload of a DSSE envelope; one inside another is refused by what a payload must be. */
function openEnvelope(envelope: JsonObject): Json {
  const payloadType = readString(envelope["payloadType"], "envelope.payloadType");
  const { payload } = envelope;
  if (payloadType !== "application/vnd.in-toto+json" || typeof payload !== "string") {
    throw githubAnswer.invalid("envelope", "must hold an in-toto statement");
  }
  const inner = readJson(decodePayload(payload), "statement");
  if (isJsonObject(inner) && inner["_type"] !== undefined) return inner;
  throw githubAnswer.invalid("envelope.payload", "must be an in-toto statement");
}

function decodePayload(payload: string): string {
  try {
    return decodeUtf8(decodeBase64(payload));
  } catch (cause) {
    throw githubAnswer.invalid("envelope.payload", "must be base64 of UTF-8", { cause });
  }
}

function readSubject(value: Json, part: string): readonly Digest[] {
  const digests = readObject(readObject(value, part)["digest"], `${part}.digest`);
  return Object.entries(digests).flatMap(([algorithm, hex]) => {
    return typeof hex === "string" ? tryParseDigest(`${algorithm}:${hex}`) ?? [] : [];
  });
}

/** The statement in some bytes; undefined for what is none. */
export function tryReadStatement(document: () => Json): Statement | undefined {
  try {
    return readStatement(document());
  } catch (error) {
    if (isTidegateError(error, "INVALID_RESPONSE")) return undefined;
    throw error;
  }
}
