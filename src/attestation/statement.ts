import {
  decodeBase64,
  isJsonObject,
  isTidegateError,
  type Json,
  type JsonObject,
  type JsonReader,
  jsonReader,
} from "../core/mod.ts";
import { type Digest, tryParseDigest } from "../reference/mod.ts";

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

const LONGEST_STRING = 4096;
const reader: JsonReader = jsonReader("in-toto statement", LONGEST_STRING);
const { invalid, readJson, readList, readObject, readOptional, readString } = reader;

const STATEMENT = "application/vnd.in-toto+json";

/** Media types of the documents that {@linkcode readStatement} takes. */
export function isStatementType(mediaType: string): boolean {
  return mediaType === STATEMENT ||
    mediaType === "application/vnd.dsse.envelope.v1+json" ||
    /^application\/vnd\.dev\.sigstore\.bundle[.+]/.test(mediaType);
}

/**
 * Read a statement: as it is, or out of the envelope or the Sigstore bundle around it. The signature
 * is not checked: that is for a verifier with keys and policies.
 *
 * A `_type` or `payloadType` that is absent is forgiven; one of something else is not.
 *
 * @param document JSON, or its bytes.
 * @throws {TidegateError} INVALID_RESPONSE for anything else.
 */
export function readStatement(document: Json | Uint8Array): Statement {
  const json = document instanceof Uint8Array ? readJson(document, "statement") : document;
  const fields = readObject(json, "statement");
  const envelope = readOptional(fields, "dsseEnvelope", "bundle", readObject) ?? fields;
  return readBare(envelope["payload"] === undefined ? envelope : openEnvelope(envelope));
}

/** The statement in a document; undefined for what is none. */
export function tryReadStatement(document: Json | Uint8Array): Statement | undefined {
  try {
    return readStatement(document);
  } catch (error) {
    if (isTidegateError(error, "INVALID_RESPONSE")) return undefined;
    throw error;
  }
}

/** Whether a statement is about one of these. Anybody can attach one about something else. */
export function isAbout({ subjects }: Statement, digests: readonly Digest[]): boolean {
  return subjects.some((subject) => digests.includes(subject));
}

/** The payload of a DSSE envelope; one inside another is refused by what a payload must be. */
function openEnvelope(envelope: JsonObject): JsonObject {
  const payloadType = readOptional(envelope, "payloadType", "envelope", readString) ?? STATEMENT;
  const { payload } = envelope;
  if (payloadType !== STATEMENT || typeof payload !== "string") {
    throw invalid("envelope", "must hold an in-toto statement");
  }
  return readObject(readJson(decodePayload(payload), "statement"), "statement");
}

function decodePayload(payload: string): Uint8Array {
  try {
    return decodeBase64(payload);
  } catch (cause) {
    throw invalid("envelope.payload", "must be base64", { cause });
  }
}

function readBare(fields: JsonObject): Statement {
  const type = readOptional(fields, "_type", "statement", readString);
  if (type?.startsWith("https://in-toto.io/Statement/") === false) {
    throw invalid("statement._type", "must be that of an in-toto statement");
  }
  return {
    predicateType: readString(fields["predicateType"], "statement.predicateType"),
    subjects: readList(fields["subject"] ?? [], "statement.subject", readSubject).flat(),
    predicate: isJsonObject(fields["predicate"]) ? fields["predicate"] : {},
  };
}

/** Digests in algorithms that nobody here knows are left out. */
function readSubject(value: Json, part: string): readonly Digest[] {
  const digests = readOptional(readObject(value, part), "digest", part, readObject) ?? {};
  return Object.entries(digests).flatMap(([algorithm, hex]) => {
    return typeof hex === "string" ? tryParseDigest(`${algorithm}:${hex}`) ?? [] : [];
  });
}
