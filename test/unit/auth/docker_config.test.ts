import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Credential,
  dockerConfigCredentials,
  type DockerConfigHost,
  parseDockerConfig,
} from "../../../src/auth/mod.ts";
import { isTidegateError } from "../../../src/core/mod.ts";
import { resolveUpstream } from "../../../src/upstream/mod.ts";
import { attempt, expectFast, mebibyteOf } from "../../support/parser_checks.ts";
import { createTestClock } from "../../support/test_clock.ts";
import { showError } from "../../support/token_world.ts";

const CANARY = "canary-7d1f";
const auth = (user: string, password = CANARY): string => btoa(`${user}:${password}`);

/** A credential in plain text. */
function plain(credential: Credential | undefined): unknown {
  if (credential === undefined) return undefined;
  if (credential.kind !== "basic") return { ...credential, token: credential.token.reveal() };
  return { ...credential, password: credential.password.reveal() };
}

function host(
  config: unknown,
  helpers: Readonly<Record<string, unknown>> = {},
): DockerConfigHost & {
  readonly asked: string[];
} {
  const asked: string[] = [];
  return {
    asked,
    readConfig: () => Promise.resolve(typeof config === "string" ? config : JSON.stringify(config)),
    runHelper: (helper, serverUrl) => {
      asked.push(`${helper} ${serverUrl}`);
      const answer = helpers[helper];
      if (answer === undefined) {
        return Promise.resolve({
          exitCode: 1,
          stdout: "credentials not found in native keychain\n",
        });
      }
      return Promise.resolve({ exitCode: 0, stdout: JSON.stringify(answer) });
    },
  };
}

const lookup = async (config: unknown, registry: string): Promise<unknown> =>
  plain(await dockerConfigCredentials(host(config)).get(resolveUpstream(registry)));

const basic = (username: string): unknown => ({ kind: "basic", username, password: CANARY });

describe("dockerConfigCredentials() and auths", () => {
  it("finds Docker Hub under docker's and under podman's key", async () => {
    const forms = ["https://index.docker.io/v1/", "docker.io", "index.docker.io"];
    for (const name of [...forms, "registry-1.docker.io", "https://registry-1.docker.io"]) {
      expect(await lookup({ auths: { [name]: { auth: auth("me") } } }, "docker.io"))
        .toEqual(basic("me"));
    }
  });

  it("finds a registry under any spelling of its own origin", async () => {
    const names = [
      "reg.example",
      "https://reg.example",
      "https://reg.example/",
      "https://reg.example/v1/",
      "https://reg.example/v2/",
      "https://reg.example/v2",
      "reg.example/v1/",
      "REG.example",
      "reg.example:443",
    ];
    for (const name of names) {
      expect(await lookup({ auths: { [name]: { auth: auth("me") } } }, "reg.example"))
        .toEqual(basic("me"));
    }
    const local = { auths: { "localhost:5000": { auth: auth("me") } } };
    expect(await lookup(local, "localhost:5000")).toEqual(basic("me"));
  });

  it("never takes another registry's entry", async () => {
    const names = [
      "http://reg.example",
      "reg.example:8443",
      "reg.example:80",
      "sub.reg.example",
      "example",
      "*.example",
      "reg.example.evil.test",
      "https://reg.example/acme",
      "https://reg.example/v3/",
      "https://reg.example?x",
      "https://reg.example@evil.test",
      "evil.test/reg.example",
      "reg.example.",
      "https://index.docker.io/v1/",
      "docker.io",
      "",
      "//reg.example",
    ];
    for (const name of names) {
      expect([name, await lookup({ auths: { [name]: { auth: auth("me") } } }, "reg.example")])
        .toEqual([name, undefined]);
    }
    const hubOnly = { auths: { "https://index.docker.io/v1/": { auth: auth("me") } } };
    for (
      const other of ["index.docker.io.evil.test", "localhost:5000", "ghcr.io", "docker.example"]
    ) {
      expect(await lookup(hubOnly, other)).toBeUndefined();
    }
  });

  it("gives Hub's entry to no other origin that borrows Hub's profile", async () => {
    const { profile } = resolveUpstream("docker.io");
    const mirror = resolveUpstream("mirror.example", { profile, origin: "https://mirror.example" });
    const names = ["https://index.docker.io/v1/", "docker.io", "registry-1.docker.io"];
    const answers = { helper: { Username: "me", Secret: CANARY } };
    for (const name of names) {
      for (
        const config of [{ auths: { [name]: { auth: auth("me") } } }, {
          credHelpers: { [name]: "helper" },
        }]
      ) {
        const provider = dockerConfigCredentials(host(config, answers));
        expect(await provider.get(mirror)).toBeUndefined();
        expect(await provider.get(resolveUpstream("docker.io"))).toBeDefined();
      }
    }
  });

  it("reads every form of an entry", async () => {
    const of = (entry: unknown): Promise<unknown> =>
      lookup({ auths: { "reg.example": entry } }, "reg.example");
    expect(await of({ auth: auth("me", "a:b:c") })).toEqual({
      kind: "basic",
      username: "me",
      password: "a:b:c",
    });
    expect(await of({ auth: auth("me", "x\0\0") })).toMatchObject({ password: "x" });
    expect(await of({ username: "me", password: CANARY })).toEqual(basic("me"));
    expect(await of({ auth: auth("<token>") })).toEqual({ kind: "identity", token: CANARY });
    expect(await of({ identitytoken: CANARY, auth: auth("acr", "") })).toEqual({
      kind: "identity",
      token: CANARY,
      username: "acr",
    });
    expect(await of({ identitytoken: CANARY })).toEqual({ kind: "identity", token: CANARY });
    expect(await of({ registrytoken: CANARY })).toEqual({ kind: "bearer", token: CANARY });
    expect(await of({})).toBeUndefined();
    expect(await of({ email: "me@x" })).toBeUndefined();
    expect(await of({ auth: "" })).toBeUndefined();
    expect(await of({ username: "me" })).toBeUndefined();
  });

  it("a broken entry is an error for its own registry and nobody else's business", async () => {
    for (
      const broken of ["!!!", btoa("no colon"), btoa(":no user"), btoa("\xff\xfe:x"), btoa("a\n:x")]
    ) {
      const config = {
        auths: { "bad.example": { auth: broken }, "good.example": { auth: auth("me") } },
      };
      await expect(lookup(config, "bad.example")).rejects.toMatchObject({ code: "CREDENTIALS" });
      expect(await lookup(config, "good.example")).toEqual(basic("me"));
    }
  });
});

describe("dockerConfigCredentials() and helpers", () => {
  const answer = { ServerURL: "x", Username: "me", Secret: CANARY };
  const get = (of: DockerConfigHost, registry: string): Promise<unknown> =>
    dockerConfigCredentials(of).get(resolveUpstream(registry)).then(plain);

  it("asks a registry's own helper by the key of the config", async () => {
    const config = { credHelpers: { "https://gcr.io": "gcloud" }, credsStore: "desktop" };
    const of = host(config, { gcloud: answer });
    expect(await get(of, "gcr.io")).toEqual(basic("me"));
    expect(of.asked).toEqual(["gcloud https://gcr.io"]);
  });

  it("asks the store for what has no helper and no entry, Hub under docker's key", async () => {
    const config = { auths: { "https://index.docker.io/v1/": {} }, credsStore: "desktop" };
    const of = host(config, { desktop: answer });
    expect(await get(of, "docker.io")).toEqual(basic("me"));
    expect(await get(of, "reg.example:5000")).toEqual(basic("me"));
    expect(of.asked).toEqual(["desktop https://index.docker.io/v1/", "desktop reg.example:5000"]);
  });

  it("takes an empty helper for none", async () => {
    const config = { credHelpers: { "reg.example": "" }, credsStore: "desktop" };
    const of = host(config, { desktop: answer });
    expect(await get(of, "reg.example")).toEqual(basic("me"));
    expect(of.asked).toEqual(["desktop reg.example"]);
  });

  it("is anonymous where the helper knows nothing, though the store or an entry might", async () => {
    const config = {
      auths: { "reg.example": { auth: auth("wrong") } },
      credHelpers: { "reg.example": "one" },
      credsStore: "two",
    };
    const of = host(config, { two: answer });
    expect(await get(of, "reg.example")).toBeUndefined();
    expect(of.asked).toEqual(["one reg.example"]);
  });

  it("knows an identity token by its user name", async () => {
    const of = host({ credsStore: "s" }, { s: { Username: "<token>", Secret: CANARY } });
    expect(await get(of, "reg.example")).toEqual({ kind: "identity", token: CANARY });
  });

  it("a helper that fails or answers nonsense is an error that repeats nothing", async () => {
    const results = [
      { exitCode: 1, stdout: CANARY },
      { exitCode: 0, stdout: CANARY },
      { exitCode: 0, stdout: "" },
      { exitCode: 0, stdout: "null" },
      { exitCode: 0, stdout: "[]" },
      { exitCode: 0, stdout: JSON.stringify({ Username: "me", Secret: "" }) },
      { exitCode: 0, stdout: JSON.stringify({ Username: 1, Secret: CANARY }) },
      { exitCode: 0, stdout: JSON.stringify({ Username: `${CANARY}:`, Secret: CANARY }) },
    ];
    for (const result of results) {
      const of = { ...host({ credsStore: "s" }), runHelper: () => Promise.resolve(result) };
      const error = await get(of, "reg.example").catch((caught: unknown) => caught);
      expect(isTidegateError(error, "CREDENTIALS")).toBe(true);
      expect(showError(error)).not.toContain(CANARY);
    }
  });

  it("where processes cannot run: an error for what the config names, else anonymous", async () => {
    const config = {
      auths: { "in-store.example": {}, "inline.example": { auth: auth("me") } },
      credHelpers: { "helped.example": "one" },
      credsStore: "two",
    };
    const { readConfig } = host(config);
    const of = { readConfig };
    await expect(get(of, "helped.example")).rejects.toMatchObject({ code: "CREDENTIALS" });
    await expect(get(of, "in-store.example")).rejects.toMatchObject({ code: "CREDENTIALS" });
    expect(await get(of, "inline.example")).toEqual(basic("me"));
    expect(await get(of, "other.example")).toBeUndefined();
  });

  it("keeps an answer for a minute, or until it is invalidated", async () => {
    const clock = createTestClock();
    const of = host({ credsStore: "s" }, { s: answer });
    const provider = dockerConfigCredentials(of, { clock });
    const upstream = resolveUpstream("reg.example");
    for (const wait of [0, 59_999, 1]) {
      clock.advance(wait);
      await provider.get(upstream);
    }
    expect(of.asked).toHaveLength(2);
    await provider.invalidate?.(upstream);
    await provider.get(upstream);
    expect(of.asked).toHaveLength(3);
  });

  it("no file is nobody", async () => {
    const provider = dockerConfigCredentials({ readConfig: () => Promise.resolve(undefined) });
    expect(await provider.get(resolveUpstream("docker.io"))).toBeUndefined();
  });
});

describe("parseDockerConfig()", () => {
  const BAD = [
    "",
    "[]",
    "null",
    "1",
    `{"auths":["${CANARY}"]}`,
    `{"auths":"${CANARY}"}`,
    `{"auths":{"a":"${CANARY}"}}`,
    `{"auths":{"a":{"auth":["${CANARY}"]}}}`,
    `{"auths":{"a":{"auth":"${CANARY}"},"a":{}}}`,
    `{"auths":{"a":{"identitytoken":1}}}`,
    `{"credHelpers":{"a":1}}`,
    `{"credHelpers":{"a":"../${CANARY}"}}`,
    `{"credHelpers":{"a":"x y"}}`,
    `{"credHelpers":{"a":"-${CANARY}"}}`,
    `{"credsStore":"/bin/sh"}`,
    `{"credsStore":"${CANARY}\\u0000"}`,
    `{"credsStore":{}}`,
    `{"auths":{"a":{"auth":"${CANARY}`,
  ];
  for (const text of BAD) {
    it(`refuses ${text.slice(0, 50) || "nothing"}, showing no value`, () => {
      try {
        parseDockerConfig(text);
        expect.unreachable();
      } catch (error) {
        expect(isTidegateError(error, "CREDENTIALS")).toBe(true);
        expect(showError(error)).not.toContain(CANARY);
      }
    });
  }

  it("looks at nothing else, and takes names of Object.prototype for names", () => {
    const config = parseDockerConfig(
      '{"auths":{"__proto__":{"auth":"eDp5"},"constructor":{}},"HttpHeaders":[1],"credsStore":""}',
    );
    expect([...config.auths.keys()]).toEqual(["__proto__", "constructor"]);
    expect(config.credsStore).toBeUndefined();
    expect(parseDockerConfig('{"auths":null}').auths.size).toBe(0);
  });

  it("holds passwords only where they hide themselves", () => {
    const config = parseDockerConfig(
      JSON.stringify({ auths: { a: { auth: CANARY, password: CANARY, identitytoken: CANARY } } }),
    );
    expect(JSON.stringify([...config.auths])).not.toContain(CANARY);
  });

  it("throws nothing untyped, and takes a mebibyte in no time", () => {
    const json = fc.json().map((text) => `{"auths":${text},"credHelpers":${text}}`);
    fc.assert(fc.property(fc.oneof(json, fc.string()), (text) => {
      attempt(() => parseDockerConfig(text));
    }));
    for (const pattern of ["[", '{"auths":', '"', "{", " "]) {
      expectFast(() => parseDockerConfig(mebibyteOf(pattern)));
    }
  });
});
