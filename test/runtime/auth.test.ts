import { describe, expect, it } from "vitest";
import {
  basicCredential,
  createTokenCache,
  parseChallenges,
  staticCredentials,
} from "../../src/auth/mod.ts";
import { isTidegateError, Secret } from "../../src/core/mod.ts";
import { layeredKv, memoryKv } from "../../src/kv/mod.ts";
import { redactUrl } from "../../src/observability/mod.ts";
import { decideOrigin, resolveUpstream } from "../../src/upstream/mod.ts";
import { challenge, createWorld, openKv, tokenAnswer } from "../support/token_world.ts";
import { OWN_ORIGIN, URL_FORMS } from "../support/url_forms.ts";

describe("auth", () => {
  it("decides the same about every URL form on every runtime", () => {
    const upstream = resolveUpstream("registry.example");
    const from = `${OWN_ORIGIN}/v2/`;
    for (const { url, means } of URL_FORMS) {
      const outcome = (): string => {
        try {
          const { credentials } = decideOrigin({ use: "realm", upstream, from, target: url });
          return credentials ? "own" : "public";
        } catch (error) {
          if (isTidegateError(error, "ORIGIN_NOT_TRUSTED")) return "refused";
          return isTidegateError(error, "INVALID_RESPONSE") ? "broken" : String(error);
        }
      };
      expect([url.slice(0, 80), outcome()]).toEqual([url.slice(0, 80), means]);
    }
  });

  it("reads several WWW-Authenticate headers as this runtime joins them", () => {
    const headers = new Headers();
    headers.append("www-authenticate", "Negotiate");
    headers.append("www-authenticate", 'Bearer realm="r",scope="repository:a/b:pull,push"');
    const challenges = parseChallenges(headers.get("www-authenticate") ?? "");
    expect(challenges.map(({ scheme }) => scheme)).toEqual(["negotiate", "bearer"]);
    expect(challenges[1]?.parameters.get("scope")).toBe("repository:a/b:pull,push");
  });

  it("seals tokens in a store and opens them in another process", async () => {
    const kv = openKv();
    const sealingKeys = [new Secret("k".repeat(32))];
    const key = {
      upstream: resolveUpstream("docker.io"),
      provider: "p",
      credential: basicCredential("me", "x"),
      scopes: ["repository:a:pull"],
    };
    const expiresAt = Date.now() + 300_000;
    await createTokenCache({ kv, sealingKeys }).put(key, { value: new Secret("t"), expiresAt });
    const layered = layeredKv(memoryKv(), kv);
    const token = await createTokenCache({ kv: layered, sealingKeys }).get(key);
    expect(token?.value.reveal()).toBe("t");
    for (const [name, value] of kv.content) {
      kv.content.set(name, value.with(20, 1 ^ (value[20] ?? 0)));
    }
    expect(await createTokenCache({ kv, sealingKeys }).get(key)).toBeUndefined();
  });

  it("goes from a 401 to a token and on, by GET and by the form", async () => {
    for (const method of ["GET", "POST"]) {
      const world = createWorld({
        upstream: resolveUpstream("registry.example", { tokenOrigins: ["https://auth.example"] }),
        credentials: staticCredentials({ "registry.example": basicCredential("me", "pässword") }),
        servers: {
          "https://registry.example": ({ authorization }) =>
            authorization === "Bearer t"
              ? new Response("ok")
              : challenge("https://auth.example/token"),
          "https://auth.example": (seen) => {
            if (seen.method !== method) return new Response(null, { status: 405 });
            const sent = method === "GET"
              ? seen.authorization === "Basic bWU6cMOkc3N3b3Jk"
              : seen.form.get("password") === "pässword";
            return sent ? tokenAnswer("t") : new Response(null, { status: 401 });
          },
        },
      });
      expect((await world.send()).status).toBe(200);
      expect((await world.restart().send()).status).toBe(200);
    }
  });

  it("hides the query of a signed URL", () => {
    expect(redactUrl("https://a.test/b?X-Amz-Signature=s&n=1")).toBe(
      "https://a.test/b?n=1&[hidden]",
    );
  });
});
