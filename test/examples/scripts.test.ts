import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, inject, it } from "vitest";
import { serveSimulation } from "../../src/simulation/serve_node.ts";
import { LayoutWriter } from "../support/oci_layout_node.ts";
import { run } from "../support/processes_node.ts";

const workspace = inject("workspace");
const image = `${inject("registryHost")}/library/hello:latest`;
const NO_LOGIN = { DOCKER_CONFIG: join(workspace, "nowhere") };
const at = (path: string): string => join(workspace, "examples", path);

describe("scripts", () => {
  it("node/pull.ts leaves verified layers in a folder", async () => {
    const out = join(workspace, "out");
    const { status, stdout, stderr } = await run("node", [at("node/pull.ts"), image, out]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(/sha256:[0-9a-f]{64}/);
    expect(readdirSync(out).length).toBeGreaterThan(2);
  });

  it("node/push.ts pushes an image layout, and finds it there the second time", async () => {
    const layout = new LayoutWriter(join(workspace, "layout"));
    const { digest } = await layout.index("v1", ["amd64", "arm64"]);
    const registry = await serveSimulation({ push: {} });
    const target = `${new URL(registry.url).host}/acme/app:v1`;
    const push = () => run("node", [at("node/push.ts"), layout.folder, target], { env: NO_LOGIN });
    const [first, second] = [await push(), await push()];
    const tagged = await fetch(`${registry.url}/v2/acme/app/manifests/v1`, { method: "HEAD" });
    await registry.close();
    expect([first.stderr, second.stderr]).toEqual(["", ""]);
    expect(first.stdout).toContain(`${target} is ${digest}: 6 sent, 0 mounted, 0 there`);
    expect(second.stdout).toContain(`${target} is ${digest}: 0 sent, 0 mounted, 6 there`);
    expect(tagged.headers.get("docker-content-digest")).toBe(digest);
  });

  it("bun/sizes.ts lists every platform", async () => {
    const { status, stdout, stderr } = await run("bun", [at("bun/sizes.ts"), image]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(/^linux\/amd64\t2 layers\t\d+ bytes$/m);
    expect(stdout).toMatch(/^linux\/arm64/m);
  });

  it("deno/tags.ts lists the tags, with no more than the network", async () => {
    const name = image.replace(":latest", "");
    const args = ["run", "--quiet", "--allow-net", "examples/deno/tags.ts", name];
    const { status, stdout, stderr } = await run("deno", args, { env: { NO_COLOR: "1" } });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(/^latest\tsha256:[0-9a-f]{64}\tapplication\/vnd\.oci\.image\.index/m);
  });

  it("a script fails with a typed error for an image that is not there", async () => {
    const args = [at("bun/sizes.ts"), image.replace("hello", "nothing")];
    const { status, stderr } = await run("bun", args);
    expect(status).not.toBe(0);
    expect(stderr).toContain("NOT_FOUND");
  });
});
