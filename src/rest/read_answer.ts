import {
  type Json,
  type JsonReader,
  type ReadCappedOptions,
  readResponse,
  type RegistryResponse,
} from "../core/mod.ts";

/** How much of an answer is read, and how long it may take. */
export type AnswerLimits = Omit<ReadCappedOptions, "what" | "origin">;

/**
 * Read the JSON of an answer.
 *
 * @param part Names the answer in errors.
 * @returns Undefined for no body.
 * @throws {TidegateError} INVALID_RESPONSE for what is no JSON; LIMIT_EXCEEDED; NETWORK_…
 */
export async function readAnswer(
  { what, readJson }: JsonReader,
  response: RegistryResponse,
  part: string,
  limits: AnswerLimits,
): Promise<Json | undefined> {
  const bytes = await readResponse(response, { ...limits, what });
  return bytes.length === 0 ? undefined : readJson(bytes, part);
}
