import { isTidegateError, systemClock } from "../../../src/core/mod.ts";
import { parseDigest } from "../../../src/reference/mod.ts";
import { readerOf, verifiedStream } from "../../../src/verify/mod.ts";
import { joinReaders } from "../../../src/verify/read_size.ts";

interface Context {
  waitUntil(promise: Promise<unknown>): void;
}

let outcome = "none";

/**
 * A Worker that relays `?url=` through the verified stream (as if `?crowd=` others were reading),
 * counts what a broken body had given
 * (`/count`), and tells how the last relay ended (`/outcome`).
 */
export default {
  async fetch(request: Request, _env: unknown, context: Context): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/outcome") return new Response(outcome);
    const url = searchParams.get("url") ?? "";
    const { body } = await fetch(url);
    const reader = readerOf({ body, url, release: () => {} }, {
      clock: systemClock,
      stallMs: 5000,
    });
    if (pathname === "/count") {
      let got = 0;
      try {
        for (let chunk; (chunk = await reader.read()) !== undefined;) got += chunk.length;
        return Response.json({ got, code: "end" });
      } catch (error) {
        return Response.json({ got, code: isTidegateError(error) ? error.code : `${error}` });
      }
    }
    const crowd = Array.from({ length: Number(searchParams.get("crowd")) }, () => joinReaders(0));
    const size = Number(searchParams.get("size"));
    const digest = parseDigest(searchParams.get("digest") ?? "");
    const stream = verifiedStream(reader, { digest, size });
    for (const other of crowd) other.leave();
    outcome = "pending";
    context.waitUntil(stream.verified.then(
      () => void (outcome = "verified"),
      (error) => void (outcome = isTidegateError(error) ? error.code : "cancelled"),
    ));
    return new Response(stream);
  },
};
