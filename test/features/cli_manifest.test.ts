import { writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nodeFiles } from "../../src/cli/host_node.ts";
import { type CliWorld, decodeUtf8, openCliWorld } from "../support/cli_world.ts";

let world: CliWorld;
beforeAll(async () => void (world = await openCliWorld()));
afterAll(() => world.close());

const app = ({ at }: CliWorld, suffix = ":v1"): string => `${at.registry}/acme/app${suffix}`;

describe("a manifest that is not to be trusted", () => {
  it("moves no cursor on a terminal, and is whole elsewhere", async () => {
    const manifest = { ...JSON.parse(decodeUtf8(world.image.bytes)) };
    const bytes = JSON.stringify({ ...manifest, annotations: { title: "\u009b2J\u202e" } });
    await writeFile(world.path("odd.json"), bytes);
    const put = await world.run(["manifest", app(world, ":odd"), "--put", world.path("odd.json")]);
    expect(put).toMatchObject({ code: 0 });
    const words = ["manifest", app(world, ":odd")];
    expect((await world.run(words)).out).toBe(bytes);
    for (const more of [[], ["--json"]]) {
      const { code, out } = await world.run([...words, ...more], { isOutTerminal: true });
      expect(code).toBe(0);
      expect(out).not.toMatch(/[\u009b\u202e]/);
      expect(out).toMatch(/\\u\{?0*9b\}?2J/);
    }
    const raw = await world.run([...words, "-o", "-"], { isOutTerminal: true });
    expect(raw.out).toBe(bytes);
  });

  it("leaves nothing of its file when the disk is full", async () => {
    let aborted = 0;
    const full = Object.assign(new Error("ENOSPC: no space left"), { code: "ENOSPC" });
    const files = {
      ...nodeFiles,
      write: () =>
        Promise.resolve({
          write: () => Promise.reject(full),
          close: () => Promise.resolve(),
          abort: () => Promise.resolve(void aborted++),
        }),
    };
    const { code } = await world.run(["manifest", app(world), "-o", "x.json"], { files });
    expect([code, aborted]).toEqual([8, 1]);
  });
});
