import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { freePort, run, startServer, temporaryFolder } from "../support/processes_node.ts";
import { openConfig, SECRETS } from "../support/served_door_node.ts";

const folder = temporaryFolder("serve-command");
afterAll(() => folder.remove());

const { Deno: deno, Bun: bun } = globalThis as { Deno?: unknown; Bun?: unknown };
const RUNTIME = deno ? "deno" : bun ? "bun" : "node";
const MAIN = [...(deno ? ["run", "-A"] : []), "src/cli/main_node.ts"];

const config = join(folder.path, "door.json");
writeFileSync(config, JSON.stringify(openConfig("http://127.0.0.1:9")));
const SERVE = [...MAIN, "serve", "--config", config];

/** Run it to its end: quick failures. */
async function fail(words: readonly string[], env: Record<string, string> = SECRETS): Promise<{
  readonly status: number;
  readonly stderr: string;
}> {
  return await run(RUNTIME, [...MAIN, "serve", ...words], { env, timeoutMs: 80_000 });
}

describe(`tidegate serve on ${RUNTIME}`, () => {
  it("--help tells its options and examples", async () => {
    const { status, stdout } = await run(RUNTIME, [...MAIN, "serve", "--help"]);
    expect(status).toBe(0);
    for (const word of ["--config", "--port", "--hostname", "--kv", "--tls-cert", "--grace"]) {
      expect(stdout).toContain(word);
    }
    expect(stdout).toContain("tidegate serve --config door.json");
  });

  it("says where it is, answers, and ends in order on SIGTERM", async () => {
    const port = await freePort();
    const ready = /^tidegate: front door ready at http:\/\/127\.0\.0\.1:\d+$/m;
    const kv = join(folder.path, "door.db");
    const words = [...SERVE, "--port", String(port), "--kv", kv, "--grace", "60"];
    const server = await startServer(RUNTIME, words, ready, { env: SECRETS });
    expect(server.output()).toContain(`ready at http://127.0.0.1:${port}`);
    const answer = await fetch(`http://127.0.0.1:${port}/v2/`);
    expect(answer.status).toBe(200);
    await answer.arrayBuffer();
    await server.stop(); // one SIGTERM: a second one means at once
    expect(server.hadToBeKilled()).toBe(false); // nor was the grace waited for
    expect(server.output()).toContain("Closing");
    await expect(fetch(`http://127.0.0.1:${port}/v2/`)).rejects.toThrow();
  });

  it("--json says it as JSON", async () => {
    const server = await startServer(RUNTIME, [...SERVE, "--port", "0", "--json"], /"ready"/, {
      env: SECRETS,
    });
    const line = server.output().split("\n").find((text) => text.includes("ready")) ?? "";
    expect(JSON.parse(line)).toMatchObject({ type: "ready", url: expect.stringMatching(/^http:/) });
    await server.stop();
  });

  it("warns where passwords would go in plain text", async () => {
    const words = [...SERVE, "--port", "0", "--hostname", "0.0.0.0"];
    const server = await startServer(RUNTIME, words, /ready at/, { env: SECRETS });
    await server.stop();
    expect(server.output()).toMatch(/Warning: passwords of callers are sent in plain text/);
  });

  it.each([
    ["no configuration", [], /--config FILE is missing/],
    ["a file that is not there", ["--config", "absent.json"], /There is no file absent\.json/],
    ["a key without its certificate", ["--config", config, "--tls-key", config], /go together/],
    ["a port that is none", ["--config", config, "--port", "70000"], /--port must be/],
    [
      "an address of others",
      ["--config", config, "--port", "0", "--hostname", "192.0.2.1"],
      /no address/,
    ],
  ])("with %s ends with 2 and says so", async (_, words, message) => {
    const { status, stderr } = await fail(words);
    expect(stderr).toMatch(message);
    expect(status).toBe(2);
  });

  it("without a secret names the variable, and nothing of others", async () => {
    const { status, stderr } = await fail(["--config", config, "--port", "0"], {});
    expect([status, stderr]).toEqual([
      2,
      expect.stringContaining("The secret SEAL_KEY must be set"),
    ]);
  });

  it("with a port that is taken says which option helps", async () => {
    const server = await startServer(RUNTIME, [...SERVE, "--port", "0"], /ready at .*/, {
      env: SECRETS,
    });
    const port = /ready at .*:(\d+)/.exec(server.output())?.[1] ?? "";
    const { status, stderr } = await fail(["--config", config, "--port", port]);
    expect([status, stderr]).toEqual([1, expect.stringContaining("choose another with --port")]);
    await server.stop();
  });
});
