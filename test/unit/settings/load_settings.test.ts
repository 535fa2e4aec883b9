import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isTidegateError, Secret, type TidegateError } from "../../../src/core/mod.ts";
import {
  checkConfigText,
  type HubSettings,
  loadSettings,
  type SettingsSources,
} from "../../../src/settings/mod.ts";
import { expectFast } from "../../support/parser_checks.ts";
import { SETTING_KEYS } from "../../../src/settings/setting_keys.ts";

const CANARY = "canary-0f9e8d7c6b5a4938";

/** The file of the documents, word for word in its values. */
const DOCUMENTED = `
docker_hub:
  hub_url: "https://hub.docker.com"
  registry_url: "https://registry-1.docker.io"
  auth_url: "https://auth.docker.io"
  auth:
    username: "\${DOCKER_HUB_USERNAME}"
    password: "\${DOCKER_HUB_PASSWORD}"
    access_token: "\${DOCKER_HUB_ACCESS_TOKEN}"
  resilience:
    timeout_seconds: 60
    max_retries: 3
    circuit_breaker:
      failure_threshold: 5
      success_threshold: 2
      reset_timeout_seconds: 30
  upload:
    chunk_size_mb: 5
    max_concurrent_uploads: 5
    max_concurrent_downloads: 10
  cache:
    manifest_ttl_seconds: 300
    tag_ttl_seconds: 60
    enabled: true
  rate_limit:
    low_threshold: 10
    track_headers: true
  observability:
    trace_requests: true
    log_level: "info"
    redact_credentials: true
`;

const DEFAULTS: HubSettings = {
  hubUrl: "https://hub.docker.com",
  registryUrl: "https://registry-1.docker.io",
  authUrl: "https://auth.docker.io",
  auth: undefined,
  resilience: {
    timeoutSeconds: 60,
    maxRetries: 3,
    circuitBreaker: { failureThreshold: 5, successThreshold: 2, resetTimeoutSeconds: 30 },
  },
  upload: { chunkSizeMb: 5, maxConcurrentUploads: 5, maxConcurrentDownloads: 10 },
  cache: { enabled: true, manifestTtlSeconds: 300, tagTtlSeconds: 60 },
  rateLimit: { lowThreshold: 10, trackHeaders: true },
  observability: { traceRequests: true, logLevel: "info" },
};

function load(sources: SettingsSources): HubSettings {
  return loadSettings(sources).settings;
}

function errorOf(sources: SettingsSources): TidegateError<"CONFIGURATION"> {
  try {
    loadSettings(sources);
  } catch (error) {
    if (isTidegateError(error, "CONFIGURATION")) return error;
    throw error;
  }
  throw new Error("it was accepted");
}

describe("loadSettings()", () => {
  it("has the documented defaults", () => {
    expect(loadSettings()).toEqual({ settings: DEFAULTS, warnings: [] });
    expect(loadSettings({ text: DOCUMENTED })).toEqual({ settings: DEFAULTS, warnings: [] });
    expect(Object.isFrozen(load({}).resilience.circuitBreaker)).toBe(true);
  });

  it.each([
    ["DOCKER_HUB_URL", "https://hub.test", "hubUrl", "https://hub.test"],
    ["DOCKER_REGISTRY_URL", "https://r.test:5000/", "registryUrl", "https://r.test:5000"],
    ["DOCKER_AUTH_URL", "http://localhost:5001", "authUrl", "http://localhost:5001"],
    ["DOCKER_TIMEOUT_SECONDS", "7", "resilience.timeoutSeconds", 7],
    ["DOCKER_CHUNK_SIZE_MB", "16", "upload.chunkSizeMb", 16],
    ["DOCKER_MAX_RETRIES", "0", "resilience.maxRetries", 0],
    ["TIDEGATE_LOG", "debug", "observability.logLevel", "debug"],
  ])("takes %s before the file, and the file before defaults", (name, text, path, value) => {
    const file = `
hub_url: https://file.test
registry_url: https://file.test
auth_url: https://file.test
resilience: { timeout_seconds: 9, max_retries: 9 }
upload: { chunk_size_mb: 9 }
observability: { log_level: error }`;
    expect(load({ text: file, env: { [name]: text } })).toHaveProperty(path, value);
    expect(load({ text: file, env: { [name]: "" } })).not.toHaveProperty(path, value);
  });

  it("takes a token before a password, and both as secrets", () => {
    const env = { DOCKER_HUB_USERNAME: "ann", DOCKER_HUB_PASSWORD: CANARY };
    expect(load({ env }).auth).toMatchObject({ kind: "password", username: "ann" });
    const both = load({ env: { ...env, DOCKER_HUB_ACCESS_TOKEN: "pat" }, text: DOCUMENTED });
    expect(both.auth).toMatchObject({ kind: "access_token", username: "ann" });
    expect(both.auth?.secret.reveal()).toBe("pat");
    expect(JSON.stringify(load({ env }))).not.toContain(CANARY);
    expect(load({ env }).auth?.secret).toBeInstanceOf(Secret);
  });

  it("does not mix a secret of the environment with one of the file", () => {
    const text = "auth: { username: bob, access_token: old }";
    const { auth } = load({ text, env: { DOCKER_HUB_PASSWORD: "new" } });
    expect(auth).toMatchObject({ kind: "password", username: "bob" });
  });

  it("reads credentials from other variables when told to", () => {
    const variables = { username: "CI_USER", accessToken: "CI_TOKEN" };
    const env = { CI_USER: "ci", CI_TOKEN: CANARY, DOCKER_HUB_USERNAME: "not me" };
    expect(load({ env, variables }).auth).toMatchObject({ kind: "access_token", username: "ci" });
  });

  it.each([
    ["a user alone", { DOCKER_HUB_USERNAME: "ann" }, "auth"],
    ["a password alone", { DOCKER_HUB_PASSWORD: CANARY }, "auth.username"],
    ["a token alone", { DOCKER_HUB_ACCESS_TOKEN: CANARY }, "auth.username"],
  ])("refuses %s", (_, env, key) => {
    expect(errorOf({ env }).details.key).toBe(key);
  });

  it("puts variables into texts", () => {
    const env = { HOST: "r.test", SECONDS: "12", FLAG: "false", DOLLAR: "${HOST}" };
    const text = `
registry_url: "https://\${HOST}"
resilience: { timeout_seconds: "\${SECONDS}" }
rate_limit: { track_headers: "\${FLAG}" }
auth: { username: "$\${HOST}", password: "\${DOLLAR}" }`;
    const { auth, rateLimit, registryUrl, resilience } = load({ env, text });
    expect([registryUrl, resilience.timeoutSeconds]).toEqual(["https://r.test", 12]);
    expect(rateLimit.trackHeaders).toBe(false);
    expect(auth?.username).toBe("${HOST}");
    expect(auth?.secret.reveal()).toBe("${HOST}"); // what a variable holds is taken as it is
  });

  it.each(["https://${NONE}", "${a b}", "${}", "${toString}x"])("refuses %j", (value) => {
    expect(errorOf({ text: `hub_url: "${value}"` }).details.key).toBe("hub_url");
  });

  it("takes flat keys with a warning", () => {
    const text = `
docker_hub:
  timeout_seconds: 5
  chunk_size_mb: 6
  max_retries: 1
  circuit_breaker: { failure_threshold: 7, reset_timeout_seconds: 8 }`;
    const { settings, warnings } = loadSettings({ text });
    expect(settings.resilience).toEqual({
      timeoutSeconds: 5,
      maxRetries: 1,
      circuitBreaker: { failureThreshold: 7, successThreshold: 2, resetTimeoutSeconds: 8 },
    });
    expect(warnings).toContain(
      "docker_hub.timeout_seconds is accepted, but belongs at resilience.timeout_seconds",
    );
    expect(warnings).toHaveLength(5);
  });

  it.each([
    ["max_retries: 1\nresilience: { max_retries: 2 }", "resilience.max_retries", "too"],
    ["hub_url: https://a.test\nhub_url: https://b.test", "hub_url", "is given twice"],
    ["observability: { redact_credentials: false }", "observability.redact_credentials", "true"],
    ["cache: { enabled: yes }", "cache.enabled", "must be true or false"],
    ["cache: { ttl: 5 }", "cache.ttl", "is not a key"],
    ["cache: [1]", "cache", "must be an object"],
    ["resilience: { timeout_seconds: 0 }", "resilience.timeout_seconds", "from 1 to 3600"],
    ["resilience: { timeout_seconds: 1.5 }", "resilience.timeout_seconds", "whole number"],
    ["resilience: { max_retries: '-1' }", "resilience.max_retries", "whole number"],
    ["hub_url: ftp://hub.test", "hub_url", "https origin"],
    ["hub_url: https://hub.test/path", "hub_url", "no path"],
    ["hub_url: http://hub.test", "hub_url", "https"],
    ["log_level: loud", "log_level", "must be debug, info, warn or error"],
    ["docker_hub: {}\nother: 1", "other", "stands beside docker_hub"],
    ["__proto__: { polluted: true }", "__proto__", "is not a key"],
    ["constructor: 1", "constructor", "is not a key"],
    ["- 1", "", "must be an object"],
    ["a: &x 1", "a", "must not have an anchor"],
    ["a: *x", "a", "must not be an alias"],
    ["a: !!binary aGk=", "a", "must not have a tag"],
    ["[1]: 2", "", "must"],
    ["a: 1\n---\nb: 2", "", "must be one document of YAML, which line"],
    ["a: 'open", "", "must be one document of YAML, which line 1 is not"],
    [`a: ${"[".repeat(17)}${"]".repeat(17)}`, /^a\[/, "must nest at most 16 deep"],
  ])("refuses %s", (text, key, rule) => {
    const { details, message } = errorOf({ text });
    expect(details.key).toEqual(key instanceof RegExp ? expect.stringMatching(key) : key);
    expect(message).toContain(rule);
  });

  it("refuses too much of it", () => {
    const say = (text: string): string => errorOf({ text }).message;
    expect(say("'".repeat(70_000))).toContain("must be at most 32768 bytes");
    expect(say("[".repeat(20_000))).toContain("must have at most 2048 words, signs and lines");
    expect(say("[".repeat(2000))).toContain("must be one document of YAML");
  });

  it("names the variable that is wrong, and its value's kind alone", () => {
    const { message } = errorOf({ env: { DOCKER_MAX_RETRIES: CANARY } });
    expect(message)
      .toBe("The key DOCKER_MAX_RETRIES (a string) must be a whole number from 0 to 20");
  });

  it.each(SETTING_KEYS.map(({ path }) => path))("never shows the value of %s", (path) => {
    const nested = path.split(".").reduceRight<unknown>(
      (inner, name) => ({ [name]: inner }),
      `${CANARY}\u0007`,
    );
    const error = errorOf({ text: JSON.stringify({ docker_hub: nested }) });
    expect(JSON.stringify(error) + error.stack).not.toContain(CANARY);
  });

  it("survives the billion laughs", () => {
    const laughs = Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i},*a${i}]`);
    expect(errorOf({ text: `a0: &a0 x\n${laughs.join("\n")}` }).message).toContain("anchor");
  });

  it("pollutes no prototype", () => {
    expect(() => loadSettings({ text: '{"__proto__": {"polluted": 1}}' })).toThrow();
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it("throws nothing but CONFIGURATION, whatever it is given", () => {
    const words = ["docker_hub", "auth", "resilience", "cache", "enabled", "__proto__", "<<"];
    const yaml = fc.array(
      fc.oneof(
        fc.constantFrom(
          ...words,
          ": ",
          "\n",
          "  ",
          "- ",
          "${",
          "}",
          "&a ",
          "*a",
          "!!map ",
          "|",
          ">",
          "'",
          '"',
          "{",
          "[",
          "]",
          "? ",
          "---\n",
          "#",
        ),
        fc.string({ unit: "binary", maxLength: 3 }),
      ),
      { maxLength: 60 },
    ).map((parts) => parts.join(""));
    const json = fc.json({ maxDepth: 5 });
    const env = fc.dictionary(
      fc.constantFrom("DOCKER_TIMEOUT_SECONDS", "A", "toString"),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.oneof(yaml, json), env, (text, env) => {
        try {
          loadSettings({ text, env });
        } catch (error) {
          expect(error).toMatchObject({ name: "TidegateError", code: "CONFIGURATION" });
        }
        expect(() => checkConfigText(text, env)).not.toThrow();
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ["1 MiB", "a: 1\n".repeat(209_715)],
    ["many keys", Array.from({ length: 600 }, (_, i) => `k${i}: 1`).join("\n")],
    ["many brackets", "[".repeat(2000)],
    ["many flows", "{a: ".repeat(500)],
    ["many dashes", "- ".repeat(1000)],
    ["many question marks", "? ".repeat(1000)],
    ["many indents", Array.from({ length: 250 }, (_, i) => `${" ".repeat(i)}a:`).join("\n")],
    ["many comments", "#\n".repeat(1000)],
    ["many anchors", "&a ".repeat(1000)],
    ["more of all", "[{- ? &a ".repeat(20_000)],
    ["many quotes", "'".repeat(32_000)],
    ["many references", `a: "${"${".repeat(15_000)}"`],
  ])("reads %s in under 50 ms", (_, text) => {
    expectFast(() => checkConfigText(text));
  });
});

describe("checkConfigText()", () => {
  it("tells of all problems at once", () => {
    const text = "resilience: { max_retries: x }\nhub_url: 5\nnone: 1\nlog_level: info";
    const { kind, problems, warnings } = checkConfigText(text);
    expect(kind).toBe("client");
    expect(problems.map(({ key }) => key)).toEqual(["none", "hub_url", "resilience.max_retries"]);
    expect(warnings).toHaveLength(1);
  });

  it("knows a front door's configuration", () => {
    const text = '{"upstreams": [{"name": "hub", "origin": "https://r.test", "default": true}]}';
    expect(checkConfigText(text)).toEqual({ kind: "front-door", problems: [], warnings: [] });
    const { problems } = checkConfigText(text.replace("default", "defualt"));
    expect(problems.map(({ key }) => key)).toEqual(["upstreams[0].defualt"]);
  });

  it("is content with the documented file", () => {
    expect(checkConfigText(DOCUMENTED)).toEqual({ kind: "client", problems: [], warnings: [] });
  });
});
