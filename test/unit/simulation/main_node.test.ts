import { describe, expect, it } from "vitest";
import { freePort, run, startServer } from "../../support/processes_node.ts";

const ENTRY = "src/simulation/main_node.ts";

describe("main_node.ts", () => {
  it("serves the seeded registry on the port it is given", async () => {
    const port = await freePort();
    const server = await startServer(process.execPath, [ENTRY, String(port)], /ready at/);
    try {
      const response = await fetch(`http://127.0.0.1:${port}/v2/library/layers/tags/list`);
      expect(await response.json()).toEqual({ name: "library/layers", tags: ["40", "latest"] });
      expect(server.output()).toContain(`ready at http://127.0.0.1:${port}`);
    } finally {
      await server.stop();
    }
  });

  it("takes pushes when told to, and only then", async () => {
    const opened: number[] = [];
    for (const flags of [["--push"], []]) {
      const port = await freePort();
      const server = await startServer(
        process.execPath,
        [ENTRY, String(port), ...flags],
        /ready at/,
      );
      try {
        const url = `http://127.0.0.1:${port}/v2/a/blobs/uploads/`;
        opened.push((await fetch(url, { method: "POST" })).status);
      } finally {
        await server.stop();
      }
    }
    expect(opened).toEqual([202, 405]);
  });

  it("refuses what is no port", async () => {
    const { status, stderr } = await run(process.execPath, [ENTRY, "70000"]);
    expect([status, stderr.includes('"70000" is not a port')]).toEqual([1, true]);
  });
});
