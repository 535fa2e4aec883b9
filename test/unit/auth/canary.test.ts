import { afterAll, describe, expect, it } from "vitest";
import {
  basicCredential,
  type Credential,
  type CredentialProvider,
  staticCredentials,
} from "../../../src/auth/mod.ts";
import { encodeHex, Secret, systemRandom } from "../../../src/core/mod.ts";
import { resolveUpstream } from "../../../src/upstream/mod.ts";
import {
  basicChallenge,
  challenge,
  createWorld,
  type Handler,
  openKv,
  showError,
  spellings,
  tokenAnswer,
  type World,
} from "../../support/token_world.ts";
import { URL_FORMS } from "../../support/url_forms.ts";

/*
 * Every credential and every token has a value of its own, which may be seen at listed origins and
 * nowhere else: in no other request, no store, no event, no error, no JSON.
 */

const REGISTRY = "https://registry.example";
const AUTH = "https://auth.example";
const bound = resolveUpstream("registry.example", { tokenOrigins: [AUTH] });
let scanned = 0;

const PASSWORD = `pass-${encodeHex(systemRandom.bytes(16))}`;
const TOKEN = `token-${encodeHex(systemRandom.bytes(16))}`;
const KINDS: Readonly<Record<Credential["kind"], Credential>> = {
  basic: basicCredential("me", PASSWORD),
  identity: { kind: "identity", token: new Secret(PASSWORD), username: "me" },
  bearer: { kind: "bearer", token: new Secret(PASSWORD) },
};
const FORBIDDEN: readonly string[] = [PASSWORD, TOKEN].flatMap(spellings);

function expectClean(text: string): void {
  scanned += text.length;
  for (const spelling of FORBIDDEN) expect(text).not.toContain(spelling);
}

interface Exchange {
  readonly world: World;
  readonly error: unknown;
}

/** Two sends and a restart, whatever comes of them. */
async function exercise(
  servers: Readonly<Record<string, Handler>>,
  credentials: CredentialProvider,
  upstream = bound,
): Promise<Exchange[]> {
  const kv = openKv();
  const world = createWorld({ upstream, credentials, servers, kv });
  const after = world.restart();
  const exchanges: Exchange[] = [];
  for (const one of [world, world, after]) {
    const error = await one.send().then(() => undefined, (caught: unknown) => caught);
    exchanges.push({ world: one, error });
  }
  const dump = [...kv.content].map(([name, value]) => [
    name,
    new TextDecoder("latin1").decode(value),
    encodeHex(value),
  ]);
  expectClean(JSON.stringify(dump));
  for (const { world: { events }, error } of exchanges) {
    expectClean(JSON.stringify(events));
    expectClean(showError(error));
  }
  expectClean(JSON.stringify([credentials, KINDS]));
  return exchanges;
}

/** What an origin got to see, decoded. */
function shown(exchanges: readonly Exchange[], isAllowed: (origin: string) => boolean): string {
  const worlds = new Set(exchanges.map(({ world }) => world));
  const elsewhere = [...worlds].flatMap(({ seen }) => seen).filter(({ url }) =>
    !isAllowed(url.origin)
  );
  return JSON.stringify(elsewhere.map(({ url, authorization, form }) => {
    const basic = authorization?.startsWith("Basic ") ? atob(authorization.slice(6)) : "";
    return [url.href, authorization, basic, form.toString()];
  }));
}

/** Repeats all that it was sent, as a hostile or chatty server does. */
const echo = (status: number): Handler => ({ authorization, form, url }) =>
  new Response(`${authorization} ${form} ${url}`, {
    status,
    statusText: "No",
    headers: {
      "www-authenticate": `Bearer realm="${AUTH}/token?${authorization}",error="${authorization}"`,
      "x-echo": `${authorization}`,
    },
  });

describe("no secret is seen where it may not be", () => {
  const providers = Object.entries(KINDS).map(([kind, credential]) =>
    [kind, staticCredentials({ "registry.example": credential })] as const
  );

  for (const [kind, credentials] of providers) {
    it(`${kind}: not in store, event, error or JSON when all is well`, async () => {
      const exchanges = await exercise({
        [REGISTRY]: ({ authorization }) =>
          authorization?.startsWith("Bearer") ? new Response("ok") : challenge(`${AUTH}/token`),
        [AUTH]: () => tokenAnswer(TOKEN),
      }, credentials);
      for (const { error } of exchanges) expect(error).toBeUndefined();
      expectClean(shown(exchanges, (origin) => origin === REGISTRY || origin === AUTH));
    });

    for (const status of [200, 301, 400, 401, 403, 404, 429, 500]) {
      it(`${kind}: not when the token endpoint repeats it with ${status}`, async () => {
        await exercise({
          [REGISTRY]: () => challenge(`${AUTH}/token`),
          [AUTH]: echo(status),
        }, credentials);
      });
    }

    it(`${kind}: not when the registry repeats it`, async () => {
      await exercise({ [REGISTRY]: echo(401), [AUTH]: () => tokenAnswer(TOKEN) }, credentials);
      await exercise({ [REGISTRY]: echo(403), [AUTH]: () => tokenAnswer(TOKEN) }, credentials);
    });

    it(`${kind}: at no realm of any form but the registry's own and the pinned one`, async () => {
      const refusedOrigins = new Map<string, number>();
      const trap = new Proxy<Record<string, Handler>>({}, {
        get: (_, origin: string) =>
          origin === REGISTRY
            ? ({ url }: { url: URL }) =>
              url.pathname === "/v2/acme/app/manifests/v1" ? current() : tokenAnswer(TOKEN)
            : () => tokenAnswer(TOKEN),
      });
      let current = (): Response => basicChallenge();
      for (const { url } of URL_FORMS) {
        const header = `Bearer realm="${url.replace(/["\\]/g, "\\$&")}",service="s"`;
        current = () => {
          try {
            return new Response(null, { status: 401, headers: { "www-authenticate": header } });
          } catch {
            return new Response(null, { status: 404 }); // no server can send this one
          }
        };
        const exchanges = await exercise(trap, credentials);
        expectClean(shown(exchanges, (origin) => origin === REGISTRY));
        for (const { world } of exchanges) {
          for (const { url: { origin } } of world.seen) {
            refusedOrigins.set(origin, 1 + (refusedOrigins.get(origin) ?? 0));
          }
        }
      }
      expect([...refusedOrigins.keys()]).toEqual([REGISTRY]);
    });
  }

  it("the token of nobody's pull is asked for at public realms only", async () => {
    const asked = new Set<string>();
    const trap = new Proxy<Record<string, Handler>>({}, {
      get: (_, origin: string) => ({ url }: { url: URL }) => {
        if (origin !== REGISTRY) asked.add(origin);
        return url.pathname.startsWith("/v2/acme") ? current() : tokenAnswer(TOKEN);
      },
    });
    let current = (): Response => new Response();
    for (const { url, means } of URL_FORMS) {
      if (means !== "refused") continue;
      current = () =>
        new Response(null, {
          status: 401,
          headers: { "www-authenticate": `Bearer realm=${encodeURI(url)}` },
        });
      await createWorld({ servers: trap }).send().catch(() => {});
    }
    expect([...asked]).toEqual([]);
  });

  afterAll(() => expect(scanned).toBeGreaterThan(1_000_000));
});

describe("the scan itself can go red", () => {
  it("finds a secret in each of its spellings", () => {
    for (const spelling of spellings(PASSWORD)) {
      expect(() => expectClean(`x${spelling}y`)).toThrow();
    }
    for (const user of ["a", "ab", "abc"]) {
      expect(() => expectClean(btoa(`${user}:${PASSWORD}`))).toThrow();
    }
  });
});
