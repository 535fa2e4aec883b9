import { encodeUtf8 } from "../core/mod.ts";
import type { FrontDoorSettings } from "../settings/mod.ts";
import { type Answer, bytesAnswer } from "./answer.ts";
import { BASIC_CHALLENGE } from "./challenge.ts";
import { refuse } from "./error_answer.ts";
import { ANONYMOUS_TOKEN, identify, readPresentedToken } from "./identity.ts";

const TOKEN_SECONDS = 300;

/**
 * The token endpoint for doors where some repositories are open and others need a token.
 *
 * It hands back the static token that was presented as password, so that clients which only log in
 * by the token flow can use it, and a fixed token that grants nothing beyond `access.anonymous` to
 * callers without credentials. It grants no scopes: the door decides at each request. The OAuth form
 * of it (POST) is refused with 405, on which clients such as containerd come back by GET.
 */
export async function answerToken(
  request: Request,
  settings: FrontDoorSettings,
): Promise<Answer> {
  if (request.method !== "GET" && request.method !== "HEAD") {
    return refuse("unsupported", { allow: "GET, HEAD" });
  }
  const authorization = request.headers.get("authorization");
  const identity = await identify(authorization, settings.access);
  if (identity === undefined) {
    return refuse("badCredentials", { "www-authenticate": BASIC_CHALLENGE }); // RFC 9110 15.5.2
  }
  const token = identity.isAnonymous || authorization === null
    ? ANONYMOUS_TOKEN
    : readPresentedToken(authorization);
  const body = { token, access_token: token, expires_in: TOKEN_SECONDS };
  return bytesAnswer(
    200,
    { "content-type": "application/json" },
    encodeUtf8(JSON.stringify(body)),
  );
}
