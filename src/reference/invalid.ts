import { excerpt, TidegateError } from "../core/mod.ts";

type InvalidCode =
  | "INVALID_IMAGE_REFERENCE"
  | "INVALID_NAME"
  | "INVALID_TAG"
  | "INVALID_DIGEST";

const NOUNS: Readonly<Record<InvalidCode, string>> = {
  INVALID_IMAGE_REFERENCE: "Image reference",
  INVALID_NAME: "Repository name",
  INVALID_TAG: "Tag",
  INVALID_DIGEST: "Digest",
};

/** The error for `input`, which breaks the rule that `reason` spells: "must …", "is …". */
export function invalid(code: InvalidCode, input: string, reason: string): TidegateError {
  const shown = excerpt(input);
  return new TidegateError(code, `${NOUNS[code]} "${shown}" ${reason}`, { input: shown, reason });
}
