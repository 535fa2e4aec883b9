import { describe, expect, it } from "vitest";
import { basicCredential, type Credential, staticCredentials } from "../../src/auth/mod.ts";
import { createRegistryClient, type RegistryClient } from "../../src/client/mod.ts";
import { type Fetch, Secret } from "../../src/core/mod.ts";
import { createGhcrClient, githubCredentials } from "../../src/ghcr/mod.ts";
import { createDockerHubClient } from "../../src/hub/mod.ts";
import { createLogger, logObserver, type Observer } from "../../src/observability/mod.ts";
import { parseReference } from "../../src/reference/mod.ts";
import { buildImage } from "../../src/simulation/mod.ts";
import { resolveUpstream } from "../../src/upstream/mod.ts";

/*
 * Servers that repeat, in every error, what they were sent and what their token service was: nothing
 * of it is told. The watch over all tests looks for the other spellings.
 */

const PASSWORD = 'canary-"repeated"+1f9c07d2/b4e8';
const JWT = "canary-jwt-77e1b0c94d2a6f38";
const REGISTRY = "https://registry.test";
const AUTH = "https://auth.test";

/** What a server says: everything it was sent, and what its token service or its login was. */
function gossip(request: Request): string {
  const sent = request.headers.get("authorization") ?? "nothing";
  const texts = [sent, PASSWORD, `me:${PASSWORD}`];
  return texts.flatMap((text) => {
    const json = JSON.stringify(text);
    return [
      text,
      encodeURIComponent(text),
      json,
      btoa(text),
      `${new URLSearchParams([["", text]])}`,
    ];
  }).join(" and ").slice(0, 100_000);
}

/** Refuses whoever proves who he is, and asks everybody else to. */
function talker(challenge: string, status: number): Fetch {
  return async (request) => {
    const said = gossip(request);
    const headers = { "content-type": "application/json", warning: `299 - "${said}"` };
    const { origin, pathname } = new URL(request.url);
    if (origin === AUTH || pathname === "/v2/auth/token") {
      return Response.json({ token: JWT, access_token: JWT }, { headers });
    }
    const asks = challenge !== "" && !request.headers.has("authorization");
    const message = { errors: [{ code: said, message: said, detail: said }] };
    return new Response(JSON.stringify(message), {
      status: asks ? 401 : status,
      headers: asks ? { ...headers, "www-authenticate": challenge } : headers,
    });
  };
}

/** Everything that is told while something fails: the error, events, the log. */
async function told(run: (observer: Observer) => Promise<unknown>): Promise<string> {
  const lines: string[] = [];
  const log = logObserver(createLogger({ level: "debug", write: (line) => void lines.push(line) }));
  const error = await run((event) => {
    log(event);
    lines.push(JSON.stringify(event));
  }).then(() => undefined, (error: unknown) => error);
  expect(error).toBeInstanceOf(Error);
  return `${error}\n${JSON.stringify(error)}\n${lines.join("\n")}`;
}

function expectQuiet(text: string): void {
  expect(text).toContain("[redacted]");
  const plain = text.replaceAll("\\", "");
  expect(plain).not.toContain(PASSWORD);
}

const image = await buildImage({ layers: [10] });
const BEARER = `Bearer realm="${AUTH}/token",service="registry.test"`;
const STATUSES = [400, 401, 403, 404, 405, 422, 429, 500] as const;
const password = basicCredential("me", PASSWORD);
const PROOFS: readonly (readonly [string, string, Credential])[] = [
  ["a password", 'Basic realm="registry"', password],
  ["a password for a token", BEARER, password],
  ["an identity token", BEARER, { kind: "identity", token: new Secret(PASSWORD), username: "me" }],
  ["a registry token", BEARER, { kind: "bearer", token: new Secret(PASSWORD) }],
];

describe("a registry that repeats what it was sent", () => {
  it.each(PROOFS)("is not quoted with it: %s", async (_, challenge, credential) => {
    for (const status of STATUSES) {
      const open = (observer: Observer): RegistryClient =>
        createRegistryClient({
          fetch: talker(challenge, status),
          credentials: staticCredentials({ "registry.test": credential }),
          upstreams: [resolveUpstream("registry.test", { tokenOrigins: [AUTH] })],
          transport: { retry: { attempts: 1 } },
          observer,
        });
      const ref = parseReference("registry.test/acme/app:v1");
      expect(ref.registry).toBe(new URL(REGISTRY).host);
      expectQuiet(await told((observer) => open(observer).manifests.get(ref)));
      expectQuiet(await told((observer) => open(observer).tags.delete(ref)));
      expectQuiet(await told((observer) => open(observer).manifests.put(ref, image.bytes)));
    }
  });
});

describe("an API that repeats what it was sent", () => {
  it.each(STATUSES)("is not quoted with it: Docker Hub's, %i", async (status) => {
    expectQuiet(
      await told((observer) =>
        createDockerHubClient({
          ...{ username: "me", password: PASSWORD, fetch: talker("", status), observer },
          transport: { retry: { attempts: 1 } },
        }).repositories.get("acme/app")
      ),
    );
  });

  it.each(STATUSES)("is not quoted with it: GitHub's, %i", async (status) => {
    expectQuiet(
      await told((observer) => {
        const ghcr = createGhcrClient({
          ...{ credentials: githubCredentials({ token: PASSWORD }), observer },
          ...{ fetch: talker("", status), transport: { retry: { attempts: 1 } } },
        });
        return ghcr.packages.find(ghcr.parseReference("acme/app"));
      }),
    );
  });
});
