import { describe, expect, it } from "vitest";
import { githubPackagePayload, signGithub } from "../../src/simulation/mod.ts";
import { createSignatureVerifier } from "../../src/webhook/mod.ts";
import { Secret } from "../../src/core/mod.ts";
import { DIGEST, HUB_URL, openReceiver, outcomeOf, PACKAGE } from "../support/webhooks.ts";

describe("webhooks", () => {
  it("verify GitHub's published signature", async () => {
    const secret = "It's a Secret to Everybody";
    const header = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    const body = new TextEncoder().encode("Hello, World!");
    expect(await signGithub(secret, body)).toBe(header);
    expect(await createSignatureVerifier([new Secret(secret)]).verify(body, header)).toBe(true);
  });

  it("become events, once", async () => {
    const receiver = openReceiver();
    for (const outcome of ["200 published", "200 duplicate"]) {
      expect(await outcomeOf(await receiver.github())).toBe(outcome);
      expect(await outcomeOf(await receiver.hub())).toBe(outcome);
    }
    const payload = githubPackagePayload({ ...PACKAGE, tag: "v2" });
    expect(await outcomeOf(await receiver.github({ form: "form", payload, id: "2" }))).toBe(
      "200 published",
    );
    expect(receiver.events.map(({ source }) => source)).toEqual([
      ...["github", "docker-hub", "github"],
    ]);
    expect(receiver.events[0]).toMatchObject({ repository: "acme/app", digest: DIGEST });
  });

  it("of strangers do nothing", async () => {
    const receiver = openReceiver();
    expect((await receiver.github({ secret: "x" })).status).toBe(401);
    expect((await receiver.hub({}, `${HUB_URL}x`)).status).toBe(404);
    expect(receiver.effects()).toBe(0);
  });
});
