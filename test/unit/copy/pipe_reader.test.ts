import { describe, expect, it } from "vitest";
import { pipeReader } from "../../../src/copy/pipe_reader.ts";

const chunk = (n: number): Uint8Array => new Uint8Array([n]);

describe("pipeReader()", () => {
  it("reads what is written, the next write only when it is asked for", async () => {
    const steps: string[] = [];
    const reader = pipeReader(async (sink) => {
      for (const n of [1, 2]) {
        steps.push(`write ${n}`);
        await sink.write(chunk(n));
      }
      await sink.close();
    });
    await Promise.resolve();
    expect(steps).toEqual([]);
    expect(await reader.read()).toEqual(chunk(1));
    expect(steps).toEqual(["write 1"]);
    expect(await reader.read()).toEqual(chunk(2));
    expect(await reader.read()).toBeUndefined();
    expect(await reader.read()).toBeUndefined();
  });

  it("fails as the writer does, before and between chunks", async () => {
    const early = pipeReader(() => Promise.reject(new Error("none")));
    await expect(early.read()).rejects.toThrow("none");
    const late = pipeReader(async (sink) => {
      await sink.write(chunk(1));
      throw new Error("broken");
    });
    await late.read();
    await expect(late.read()).rejects.toThrow("broken");
    const aborted = pipeReader(async (sink) => await sink.abort(new Error("given up")));
    await expect(aborted.read()).rejects.toThrow("given up");
  });

  it("ends the writer when it is cancelled", async () => {
    let ended: unknown;
    const reader = pipeReader(async (sink) => {
      try {
        for (;;) await sink.write(chunk(1));
      } catch (error) {
        ended = error;
        throw error;
      }
    });
    await reader.read();
    await reader.cancel(new Error("enough"));
    await new Promise((resolve) => setTimeout(resolve));
    expect(ended).toMatchObject({ message: "enough" });
    await pipeReader(() => Promise.resolve()).cancel();
  });
});
