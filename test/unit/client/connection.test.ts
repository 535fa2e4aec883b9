import { describe, expect, it } from "vitest";
import { createConnect } from "../../../src/client/connection.ts";
import { resolveClientOptions } from "../../../src/client/options.ts";
import type { Upstream } from "../../../src/core/mod.ts";
import { resolveUpstream } from "../../../src/upstream/mod.ts";

const connectWith = (...upstreams: Upstream[]): ReturnType<typeof createConnect> =>
  createConnect(resolveClientOptions({ upstreams }));

describe("createConnect()", () => {
  it("keeps one transport for each registry", () => {
    const connect = connectWith();
    const first = connect({ registry: "ghcr.io", repository: "a/b" });
    const second = connect({ registry: "ghcr.io", repository: "c/d" });
    expect(second.send).toBe(first.send);
    expect(second.target).toEqual({ origin: "https://ghcr.io", repository: "c/d" });
    expect(connect({ registry: "docker.io", repository: "a/b" }).target.origin).toBe(
      "https://registry-1.docker.io",
    );
  });

  it("finds a configured upstream by its name, its profile's hosts or its own host", () => {
    const mirror = resolveUpstream("docker.io", { origin: "https://mirror.test", name: "mirror" });
    const connect = connectWith(mirror);
    for (const registry of ["mirror", "docker.io", "index.docker.io", "mirror.test"]) {
      expect(connect({ registry, repository: "a/b" }).upstream).toBe(mirror);
    }
    expect(connect({ registry: "ghcr.io", repository: "a/b" }).upstream.origin).toBe(
      "https://ghcr.io",
    );
  });
});
