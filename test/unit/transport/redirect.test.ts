import { describe, expect, it } from "vitest";
import type {
  Fetch,
  Method,
  RegistryRequest,
  RegistryResponse,
  Send,
} from "../../../src/core/mod.ts";
import { withRedirect } from "../../../src/transport/redirect.ts";
import { answer, blobRequest, testSettings } from "../../support/transport.ts";
import { createVirtualClock } from "../../support/virtual_clock.ts";

const HOME = "https://registry.test";
const CDN = "https://cdn.example.com";
const CANARY = "Bearer canary-0123456789abcdef";
const clock = createVirtualClock();

/** Answers by URL; keeps what it was asked. */
function network(
  table: Record<string, (request: RegistryRequest) => RegistryResponse>,
): { send: Send; seen: RegistryRequest[] } {
  const seen: RegistryRequest[] = [];
  const send: Send = (request) => {
    seen.push(request);
    const reply = table[request.url] ?? (() => answer(404, {}, "", request.url));
    return Promise.resolve(reply(request));
  };
  return { send, seen };
}

function redirect(status: number, from: string, to: string): () => RegistryResponse {
  return () => answer(status, { location: to }, "", from);
}

function authorised(overrides: Partial<RegistryRequest> = {}): RegistryRequest {
  const headers = { authorization: CANARY, cookie: "canary=1", accept: "*/*", range: "bytes=5-" };
  return blobRequest({ url: `${HOME}/v2/a/blobs/x`, headers, ...overrides });
}

describe("withRedirect()", () => {
  it.each([301, 302, 303, 307, 308])(
    "follows %i on the same origin with the proof",
    async (status) => {
      const { send, seen } = network({
        [`${HOME}/v2/a/blobs/x`]: redirect(status, `${HOME}/v2/a/blobs/x`, "/mirror/x"),
        [`${HOME}/mirror/x`]: () => answer(200, {}, "ok", `${HOME}/mirror/x`),
      });
      const response = await withRedirect(testSettings(clock))(send)(authorised());
      expect(response.status).toBe(200);
      expect(seen[1]?.headers).toMatchObject({ authorization: CANARY, range: "bytes=5-" });
    },
  );

  const targets = [
    "https://registry.test:8443/x",
    "https://REGISTRY.TEST./x",
    "https://sub.registry.test/x",
    "https://test/x",
    "http://registry.test/x",
    `${CDN}/x`,
    "//cdn.example.com/x",
    "https://registry.test@cdn.example.com/x",
    "\\\\cdn.example.com\\x",
    "https:\\\\cdn.example.com/x",
    "http://127.0.0.1/x",
    "http://localhost/x",
    "http://169.254.169.254/latest/meta-data",
    "https://[::1]/x",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "data:text/plain,x",
    "",
    "https://",
    `${CDN}/${"x".repeat(20_000)}`,
  ];
  const methods: Method[] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];
  const cells = targets.flatMap((target) =>
    [301, 302, 303, 307, 308].flatMap((status) =>
      methods.map((method) => [method, status, target] as const)
    )
  );

  it(`shows no secret to another origin, in ${cells.length} cells, and no body`, async () => {
    for (const [method, status, target] of cells) {
      const seen: RegistryRequest[] = [];
      const send: Send = (request) => {
        seen.push(request);
        const isFirst = seen.length === 1;
        return Promise.resolve(
          isFirst
            ? answer(status, { location: target }, "", request.url)
            : answer(200, {}, "", request.url),
        );
      };
      const body = method === "GET" || method === "HEAD" ? {} : { body: new Uint8Array(8) };
      const sent = withRedirect(testSettings(clock))(send)(authorised({ method, ...body }));
      const outcome = await sent.catch((error) => error);
      const cell = `${method} ${status} ${target.slice(0, 60)}`;
      expect("code" in outcome || "status" in outcome, cell).toBe(true);
      for (const { url, headers, body } of seen.slice(1)) {
        if (new URL(url).origin === HOME) continue;
        expect(JSON.stringify(headers), cell).not.toContain("canary");
        expect(body, cell).toBeUndefined();
      }
    }
  });

  it("keeps Range and Accept and nothing else across origins", async () => {
    const { send, seen } = network({
      [`${HOME}/v2/a/blobs/x`]: redirect(307, `${HOME}/v2/a/blobs/x`, `${CDN}/x?sig=1`),
      [`${CDN}/x?sig=1`]: () => answer(206, {}, "ok", `${CDN}/x`),
    });
    await withRedirect(testSettings(clock))(send)(authorised());
    expect(seen[1]?.headers).toEqual({ accept: "*/*", range: "bytes=5-" });
  });

  it("does not restore the proof when another origin sends us back", async () => {
    const { send, seen } = network({
      [`${HOME}/v2/a/blobs/x`]: redirect(307, `${HOME}/v2/a/blobs/x`, `${CDN}/x`),
      [`${CDN}/x`]: redirect(307, `${CDN}/x`, `${HOME}/private`),
      [`${HOME}/private`]: () => answer(200, {}, "", `${HOME}/private`),
    });
    await withRedirect(testSettings(clock))(send)(authorised());
    expect(seen[2]).toMatchObject({ url: `${HOME}/private` });
    expect(seen[2]?.headers["authorization"]).toBeUndefined();
  });

  it("follows five hops and refuses the sixth", async () => {
    const hop = (n: number): string => `${HOME}/${n}`;
    const table = (length: number) =>
      Object.fromEntries(
        Array.from({ length }, (_, n) => [hop(n), redirect(302, hop(n), hop(n + 1))] as const),
      );
    const end = (length: number) => ({ [hop(length)]: () => answer(200, {}, "", hop(length)) });
    const layer = withRedirect(testSettings(clock));
    const five = layer(network({ ...table(5), ...end(5) }).send)(blobRequest({ url: hop(0) }));
    expect((await five).status).toBe(200);
    const six = layer(network({ ...table(6), ...end(6) }).send)(blobRequest({ url: hop(0) }));
    await expect(six).rejects.toMatchObject({ code: "UNEXPECTED_RESPONSE" });
  });

  it("takes a redirect to a host that means not found for a 404", async () => {
    const missing = "https://github.com/-/v2/packages/container/package/x";
    const { send, seen } = network({
      [`${HOME}/v2/a/blobs/x`]: redirect(303, `${HOME}/v2/a/blobs/x`, missing),
    });
    const response = await withRedirect(testSettings(clock))(send)(authorised());
    expect([response.status, seen.length]).toEqual([404, 1]);
  });

  it.each(
    [
      ["POST", 301, "GET"],
      ["POST", 302, "GET"],
      ["POST", 303, "GET"],
      ["POST", 307, "POST"],
      ["PUT", 301, "PUT"],
      ["PUT", 303, "GET"],
      ["HEAD", 303, "HEAD"],
      ["DELETE", 308, "DELETE"],
    ] as const,
  )("turns a %s with %i into a %s", async (method, status, expected) => {
    const { send, seen } = network({
      [`${HOME}/v2/a/blobs/x`]: redirect(status, `${HOME}/v2/a/blobs/x`, "/y"),
      [`${HOME}/y`]: () => answer(200, {}, "", `${HOME}/y`),
    });
    const body = new Uint8Array(1);
    await withRedirect(testSettings(clock))(send)(authorised({ method, body }));
    expect(seen[1]?.method).toBe(expected);
    expect(seen[1]?.body).toBe(expected === "GET" || expected === "HEAD" ? undefined : body);
  });

  it("gives the slot of every hop back", async () => {
    const hop = answer(307, { location: "/y" }, "", `${HOME}/v2/a/blobs/x`);
    const { send } = network({
      [`${HOME}/v2/a/blobs/x`]: () => hop,
      [`${HOME}/y`]: () => answer(200, {}, "", `${HOME}/y`),
    });
    await withRedirect(testSettings(clock))(send)(authorised());
    await clock.advance(0);
    expect(hop.releases).toBe(1);
  });

  describe("to a target that challenges by itself", () => {
    const challenge = {
      "www-authenticate":
        `Bearer realm="https://auth.example.com/token",service="cdn",scope="repository:a:pull"`,
    };
    const tokens: Request[] = [];
    const fetch: Fetch = (request) => {
      tokens.push(request);
      return Promise.resolve(Response.json({ token: "anonymous-token" }));
    };

    it("exchanges one anonymous token, and only one", async () => {
      tokens.length = 0;
      const { send, seen } = network({
        [`${HOME}/v2/a/blobs/x`]: redirect(307, `${HOME}/v2/a/blobs/x`, `${CDN}/x`),
        [`${CDN}/x`]: ({ headers }) =>
          headers["authorization"] === "Bearer anonymous-token"
            ? answer(307, { location: "https://other.example.net/x" }, "", `${CDN}/x`)
            : answer(401, challenge, "", `${CDN}/x`),
        "https://other.example.net/x": () =>
          answer(401, challenge, "", "https://other.example.net/x"),
      });
      const response = await withRedirect(testSettings(clock, { fetch }))(send)(authorised());
      expect(response.status).toBe(401);
      expect(tokens).toHaveLength(1);
      expect(tokens[0]?.headers.get("authorization")).toBeNull();
      expect(tokens[0]?.url).toContain("scope=repository%3Aa%3Apull");
      expect(seen.slice(1).map(({ headers }) => headers["authorization"])).toEqual([
        undefined,
        "Bearer anonymous-token",
        undefined,
      ]);
    });

    it.each([
      'Basic realm="x"',
      'Bearer realm="http://169.254.169.254/token"',
      'Bearer realm="http://127.0.0.1/token"',
      'bearer realm="https://registry.test@10.0.0.1/token"',
      "Negotiate",
      'Bearer realm="',
    ])("answers %s with nothing", async (header) => {
      tokens.length = 0;
      const { send, seen } = network({
        [`${HOME}/v2/a/blobs/x`]: redirect(307, `${HOME}/v2/a/blobs/x`, `${CDN}/x`),
        [`${CDN}/x`]: () => answer(401, { "www-authenticate": header }, "", `${CDN}/x`),
      });
      await withRedirect(testSettings(clock, { fetch }))(send)(authorised()).catch(() => {});
      expect(tokens).toHaveLength(0);
      expect(JSON.stringify(seen.slice(1))).not.toContain("canary");
    });
  });
});
