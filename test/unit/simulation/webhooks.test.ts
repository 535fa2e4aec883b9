import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  githubPackagePayload,
  githubWebhook,
  hubWebhook,
  webhookRequest,
} from "../../../src/simulation/mod.ts";

const SECRET = "a secret of sixteen";
const PACKAGE = { owner: "Acme", name: "app", tag: "v1", digest: `sha256:${"ab".repeat(32)}` };

describe("githubWebhook()", () => {
  it.each(["json", "form"] as const)("signs the bytes of the body as sent: %s", async (form) => {
    const payload = githubPackagePayload(PACKAGE, "registry_package");
    const post = await githubWebhook({ secret: SECRET, payload, form, event: "registry_package" });
    const hmac = createHmac("sha256", SECRET).update(post.body).digest("hex");
    expect(post.headers["x-hub-signature-256"]).toBe(`sha256=${hmac}`);
    const text = await webhookRequest("https://a.test/", post).text();
    const json = form === "json" ? text : new URLSearchParams(text).get("payload") ?? "";
    expect(JSON.parse(json)).toEqual(payload);
  });

  it("keeps the case of the owner where GitHub does", () => {
    expect(githubPackagePayload(PACKAGE)).toMatchObject({
      package: { namespace: "acme", package_version: { package_url: "ghcr.io/Acme/app:v1" } },
    });
  });
});

describe("hubWebhook()", () => {
  it("posts JSON that can be sent again and again", async () => {
    const post = hubWebhook({ repository: "acme/app", tag: "v1", pushedAt: 1.5 });
    for (let i = 0; i < 2; i++) {
      const request = webhookRequest("https://a.test/", post);
      expect(request.headers.get("content-length")).toBe(String(post.body.length));
      expect(await request.json()).toMatchObject({
        push_data: { pushed_at: 1.5, tag: "v1", pusher: "robot" },
        repository: { repo_name: "acme/app", namespace: "acme", name: "app" },
      });
    }
  });
});
