import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { dockerConfigCredentials, dockerConfigHost } from "../../../src/auth/mod.ts";
import { isTidegateError } from "../../../src/core/mod.ts";
import { resolveUpstream } from "../../../src/upstream/mod.ts";
import { showError } from "../../support/token_world.ts";

const CANARY = "canary-7d1f";
const upstream = resolveUpstream("reg.example");
let directory: string;
const { PATH, DOCKER_CONFIG } = process.env;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "docker-config-"));
  process.env["PATH"] = `${directory}:${PATH}`;
  process.env["DOCKER_CONFIG"] = directory;
});
afterEach(async () => {
  process.env["PATH"] = PATH;
  if (DOCKER_CONFIG === undefined) delete process.env["DOCKER_CONFIG"];
  else process.env["DOCKER_CONFIG"] = DOCKER_CONFIG;
  await rm(directory, { recursive: true });
});

async function configure(config: unknown, script?: string): Promise<void> {
  await writeFile(join(directory, "config.json"), JSON.stringify(config));
  if (script === undefined) return;
  const helper = join(directory, "docker-credential-test");
  await writeFile(helper, `#!/bin/sh\n${script}\n`);
  await chmod(helper, 0o755);
}

const get = (helperTimeoutMs = 5000): Promise<unknown> =>
  dockerConfigCredentials(dockerConfigHost({ helperTimeoutMs })).get(upstream)
    .catch((error: unknown) => error);

describe("dockerConfigHost()", () => {
  it("reads $DOCKER_CONFIG/config.json", async () => {
    await configure({ auths: { "reg.example": { auth: btoa("me:password") } } });
    expect(await get()).toMatchObject({ kind: "basic", username: "me" });
  });

  it("no file is nobody; an unreadable one is an error", async () => {
    expect(await get()).toBeUndefined();
    await writeFile(join(directory, "config.json"), " ".repeat(256 * 1024 + 1));
    expect(isTidegateError(await get(), "CREDENTIALS")).toBe(true);
    const host = dockerConfigHost({ path: directory });
    await expect(host.readConfig()).rejects.toMatchObject({ code: "CREDENTIALS" });
  });

  it("runs a helper with get and the registry on standard input, without a shell", async () => {
    await configure(
      { credHelpers: { "reg.example": "test" } },
      `read server; printf '{"Username":"%s %s","Secret":"s"}' "$1" "$server"`,
    );
    expect(await get()).toMatchObject({ kind: "basic", username: "get reg.example" });
  });

  it("takes a helper's not found for nobody", async () => {
    await configure(
      { credsStore: "test" },
      "echo 'credentials not found in native keychain'; exit 1",
    );
    expect(await get()).toBeUndefined();
  });

  const FAILING: Readonly<Record<string, string>> = {
    "fails": `echo ${CANARY}; echo ${CANARY} >&2; exit 3`,
    "hangs": `echo ${CANARY}; exec sleep 60`,
    "writes without end": `exec yes ${CANARY}`,
    "ends without reading": `echo ${CANARY}`,
  };
  for (const [what, script] of Object.entries(FAILING)) {
    it(`a helper that ${what} is an error that repeats nothing it said`, async () => {
      await configure({ credsStore: "test" }, script);
      const error = await get(what === "hangs" ? 300 : 5000);
      expect(isTidegateError(error, "CREDENTIALS")).toBe(true);
      expect(showError(error)).not.toContain(CANARY);
    });
  }

  it("a helper that is not installed is an error that names it", async () => {
    await configure({ credsStore: "missing" });
    expect(String(await get())).toContain("docker-credential-missing is not installed");
  });
});
