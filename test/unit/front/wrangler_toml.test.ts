import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseFrontDoorConfig } from "../../../src/settings/mod.ts";
import { workerCompatibility } from "../../../tools/worker_bundle.ts";

const text = readFileSync("wrangler.toml", "utf8");

describe("wrangler.toml", () => {
  it("has a date from which on redirects to other origins lose their Authorization", () => {
    expect(workerCompatibility().date >= "2025-09-01").toBe(true);
  });

  it("has callers that disconnect end the upstream's transfer", () => {
    expect(workerCompatibility().flags).toContain("enable_request_signal");
  });

  it("caps the CPU time of a request", () => {
    expect(text).toMatch(/^cpu_ms = [0-9_]+$/m);
  });

  it("binds each Durable Object that the Worker exports, and migrates to it", () => {
    for (const name of ["UploadCheckpoint", "WebhookDeliveries"]) {
      expect(text).toContain(`class_name = "${name}"`);
      expect(text).toContain(`new_sqlite_classes = ["${name}"]`);
    }
  });

  it("holds a configuration that serves nobody", () => {
    const config = /^TIDEGATE_CONFIG = '''([\s\S]*?)'''$/m.exec(text)?.[1] ?? "";
    const { access, upstreams } = parseFrontDoorConfig(config);
    expect(access).toEqual({ anonymous: [], tokens: [] });
    expect(upstreams.map(({ upstream }) => upstream.profile.name)).toEqual(["hub"]);
  });
});
