import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run, temporaryFolder } from "../support/processes_node.ts";
import { startTokenServer, type TokenServer } from "../support/token_server_node.ts";
import { serveSimulation } from "../../src/simulation/serve_node.ts";
import { type RealRegistry, startRegistry } from "./registries.ts";

const USERS = { pusher: "push-secret" };

describe("token server before docker-registry", () => {
  const folder = temporaryFolder("token-server");
  let tokens: TokenServer;
  let registry: RealRegistry;

  beforeAll(async () => {
    tokens = await startTokenServer(folder.path, { users: USERS });
    registry = await startRegistry(folder.path, { token: tokens.auth });
  });

  afterAll(async () => {
    await registry?.stop();
    await tokens?.close();
    folder.remove();
  });

  const skopeo = (...args: string[]): ReturnType<typeof run> => run("skopeo", args);

  it("a user pushes, everybody pulls, a wrong password does neither", async () => {
    const demo = await serveSimulation();
    const from = `docker://127.0.0.1:${demo.port}/library/hello:latest`;
    const to = `docker://${registry.host}/team/hello:1`;
    const flags = ["--src-tls-verify=false", "--dest-tls-verify=false"];
    const wrong = await skopeo("copy", ...flags, "--dest-creds=pusher:wrong", from, to);
    expect(wrong.status).not.toBe(0);
    const anonymous = await skopeo("copy", ...flags, from, to);
    expect(anonymous.status).not.toBe(0);
    const pushed = await skopeo("copy", ...flags, "--dest-creds=pusher:push-secret", from, to);
    await demo.close();
    expect(pushed).toMatchObject({ status: 0 });
    const pulled = await skopeo("copy", flags[0] ?? "", to, `dir:${folder.path}/out`);
    expect(pulled).toMatchObject({ status: 0 });
  });

  it("what the rule forbids is not granted", async () => {
    tokens.configure({ allow: (user) => user !== undefined });
    const pulled = await skopeo(
      "inspect",
      "--tls-verify=false",
      `docker://${registry.host}/team/hello:1`,
    );
    expect(pulled.status).not.toBe(0);
    expect(tokens.log.at(-1)?.status).toBe(200);
  });
});
