import { encodeUtf8 } from "../core/mod.ts";
import type { FrontDoorSettings } from "../settings/mod.ts";
import { challengeScheme } from "./access.ts";
import { type Answer, bytesAnswer } from "./answer.ts";
import { refuseCaller } from "./challenge.ts";
import { refuse } from "./error_answer.ts";
import type { Identity } from "./identity.ts";

/**
 * `/v2/`: whether the caller is known here. Clients read off it how to log in, and those that find no
 * challenge never send a credential; so where some repositories need a token, a caller that has not
 * answered one is challenged, also if it may pull others.
 */
export function answerPing(
  { method }: Request,
  settings: FrontDoorSettings,
  url: URL,
  identity: Identity,
): Answer {
  if (method !== "GET" && method !== "HEAD") return refuse("unsupported", { allow: "GET, HEAD" });
  const mustAnswer = challengeScheme(settings.access) === "bearer" && !identity.hasAnswered;
  const isKnown = !identity.isAnonymous || identity.allow.length > 0;
  if (mustAnswer || !isKnown) return refuseCaller(settings, url, identity);
  return bytesAnswer(200, { "content-type": "application/json" }, encodeUtf8("{}"));
}
