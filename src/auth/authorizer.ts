import type { RegistryRequest, RegistryResponse } from "../core/mod.ts";

/** Knows what to put into `Authorization` for one upstream. */
export interface Authorizer {
  /**
   * The header for a request about to be sent, when it is known without asking the registry.
   *
   * @returns The value of `Authorization`; undefined to send none and see.
   */
  authorization(request: RegistryRequest): Promise<string | undefined>;
  /**
   * The header for one more try after a 401 or 403. May be called again for what that try brings: it
   * ends by itself after at most three.
   *
   * @param request The request as it was given to `authorization`: the same object.
   * @param response What came back. Its body is not touched.
   * @param sent The `Authorization` that went with it.
   * @returns A header to try; undefined to let the response stand.
   */
  answer(
    request: RegistryRequest,
    response: Pick<RegistryResponse, "status" | "headers" | "url">,
    sent: string | undefined,
  ): Promise<string | undefined>;
}
