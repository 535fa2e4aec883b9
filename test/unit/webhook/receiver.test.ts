import { describe, expect, it } from "vitest";
import { Secret, TidegateError } from "../../../src/core/mod.ts";
import { githubPackagePayload, webhookRequest } from "../../../src/simulation/mod.ts";
import { createWebhookReceiver, memoryDeliveries } from "../../../src/webhook/mod.ts";
import { createTestClock } from "../../support/test_clock.ts";
import { createVirtualClock } from "../../support/virtual_clock.ts";
import {
  DIGEST,
  GITHUB_URL,
  HUB_SECRET,
  HUB_URL,
  openReceiver,
  outcomeOf,
  PACKAGE,
} from "../../support/webhooks.ts";

const OTHER = "https://door.test/hooks/docker-hub/another-secret-altogether";

describe("createWebhookReceiver(): Docker Hub", () => {
  it("publishes a push with the digest that the registry names", async () => {
    const receiver = openReceiver();
    expect(await outcomeOf(await receiver.hub({ tag: "v1" }))).toBe("200 published");
    expect(receiver.events).toEqual([{
      type: "image.pushed",
      source: "docker-hub",
      registry: "docker.io",
      repository: "acme/app",
      tag: "v1",
      digest: DIGEST,
      pusher: "robot",
      timestamp: Date.UTC(2026, 0, 1),
    }]);
    expect(receiver.resolved).toEqual(["acme/app v1"]);
    expect(receiver.purged).toEqual(["acme/app v1"]);
  });

  it("knows official images under library/", async () => {
    const receiver = openReceiver();
    await receiver.hub({ repository: "nginx" });
    expect(receiver.resolved).toEqual(["library/nginx latest"]);
  });

  it.each([
    ["another secret", OTHER],
    ["no secret", "https://door.test/hooks/docker-hub"],
    ["an empty secret", "https://door.test/hooks/docker-hub/"],
    ["the secret's beginning", HUB_URL.slice(0, -1)],
    ["more than the secret", `${HUB_URL}0`],
    ["a part more", `${HUB_URL}/x`],
    ["a slash more", `${HUB_URL}/`],
    ["another spelling", HUB_URL.replace("canary", "%63anary")],
    ["the secret as a query", `${OTHER}?${HUB_SECRET}`],
    ["another path", `https://door.test/${HUB_SECRET}`],
  ])("answers 404 to %s, whatever the method", async (_name, url) => {
    const receiver = openReceiver();
    expect(await outcomeOf(await receiver.hub({}, url))).toBe("404 not found");
    expect((await receiver.fetch(new Request(url))).status).toBe(404);
    expect(receiver.effects()).toBe(0);
  });

  it("takes two secrets while one replaces the other", async () => {
    const next = "canary-hub-the-next-one";
    const secrets = [new Secret(HUB_SECRET), new Secret(next)];
    const receiver = openReceiver({ dockerHub: { secrets } });
    expect((await receiver.hub({ tag: "a" })).status).toBe(200);
    expect((await receiver.hub({ tag: "b" }, HUB_URL.replace(HUB_SECRET, next))).status).toBe(200);
  });

  it("tells nobody of a push that the registry does not know", async () => {
    const receiver = openReceiver({}, () => Promise.resolve(undefined));
    expect(await outcomeOf(await receiver.hub())).toBe("200 unconfirmed");
    expect(receiver.events).toEqual([]);
  });

  it("publishes without a digest when the registry cannot be asked", async () => {
    const receiver = openReceiver({}, () => Promise.reject(new TypeError("no way")));
    expect(await outcomeOf(await receiver.hub())).toBe("200 published");
    expect(receiver.events[0]).toMatchObject({ type: "image.pushed", digest: undefined });
    expect(receiver.told).toContainEqual({
      type: "webhook.failed",
      part: "resolve",
      reason: "TypeError",
    });
  });

  it("counts a push once however often it comes", async () => {
    const receiver = openReceiver();
    const answers = await Promise.all(Array.from({ length: 1000 }, () => receiver.hub()));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(receiver.events).toHaveLength(1);
    expect(receiver.effects()).toBe(3);
  });

  it("counts the same tag pushed again later", async () => {
    const receiver = openReceiver();
    await receiver.hub();
    await receiver.hub({ pushedAt: 1_767_225_601 });
    expect(receiver.events).toHaveLength(2);
  });
});

describe("createWebhookReceiver(): GitHub", () => {
  it.each(["package", "registry_package"] as const)("publishes a %s event", async (event) => {
    const receiver = openReceiver();
    const payload = githubPackagePayload(PACKAGE, event);
    expect(await outcomeOf(await receiver.github({ event, payload }))).toBe("200 published");
    expect(receiver.events).toMatchObject([{
      ...{ source: "github", registry: "ghcr.io", repository: "acme/app", tag: "v1" },
      ...{ digest: DIGEST, pusher: "octocat", timestamp: Date.UTC(2026, 0, 1) },
    }]);
  });

  it("purges all tags: the event names one of those that moved", async () => {
    const receiver = openReceiver();
    await receiver.github();
    expect(receiver.purged).toEqual(["acme/app *"]);
  });

  it("takes forms", async () => {
    const receiver = openReceiver();
    expect(await outcomeOf(await receiver.github({ form: "form" }))).toBe("200 published");
  });

  it("answers a ping and ignores what is not about images", async () => {
    const receiver = openReceiver();
    expect(await outcomeOf(await receiver.github({ event: "ping" }))).toBe("200 pong");
    expect(await outcomeOf(await receiver.github({ event: "push", id: "2" }))).toBe("200 ignored");
    const npm = githubPackagePayload({ ...PACKAGE, type: "npm" });
    expect(await outcomeOf(await receiver.github({ payload: npm }))).toBe("200 ignored");
    expect(receiver.effects()).toBe(0);
  });

  it("publishes a deletion only when the registry finds the image no longer", async () => {
    const payload = githubPackagePayload({ ...PACKAGE, action: "deleted" });
    const there = openReceiver();
    expect(await outcomeOf(await there.github({ payload }))).toBe("200 unconfirmed");
    const gone = openReceiver({}, () => Promise.resolve(undefined));
    expect(await outcomeOf(await gone.github({ payload }))).toBe("200 published");
    expect(gone.events).toMatchObject([{ type: "image.deleted", tag: "v1", digest: DIGEST }]);
    const silent = openReceiver({}, () => Promise.reject(new TypeError()));
    expect(await outcomeOf(await silent.github({ payload }))).toBe("503 undelivered");
    expect(there.events).toEqual([]);
    expect(silent.events).toEqual([]);
  });

  const other = `sha256=${"0".repeat(64)}`;
  it.each<[string, Record<string, string>]>([
    ["another signature", { "x-hub-signature-256": other }],
    ["an empty signature", { "x-hub-signature-256": "" }],
    ["a SHA-1 signature", { "x-hub-signature-256": `sha1=${"0".repeat(40)}` }],
    ["two signatures", { "x-hub-signature-256": `${other}, ${other}` }],
    ["a signature in upper case", { "x-hub-signature-256": `sha256=${"AB".repeat(32)}` }],
    ["a signature with more behind it", { "x-hub-signature-256": `${other}00` }],
  ])("answers 401 to %s", async (_name, headers) => {
    const receiver = openReceiver();
    expect(await outcomeOf(await receiver.github({}, headers))).toBe("401 unauthorized");
    expect(receiver.effects()).toBe(0);
  });

  it("answers 401 to another secret, to a changed body, and to no signature", async () => {
    const receiver = openReceiver();
    expect((await receiver.github({ secret: "x" })).status).toBe(401);
    const bare = { headers: { "content-type": "application/json" }, body: new Uint8Array(2) };
    expect((await receiver.fetch(webhookRequest(GITHUB_URL, bare))).status).toBe(401);
    expect(receiver.effects()).toBe(0);
  });

  it("counts a delivery once: by its id, and by its body under another id", async () => {
    const receiver = openReceiver();
    await receiver.github({ id: "a" });
    expect(await outcomeOf(await receiver.github({ id: "a" }))).toBe("200 duplicate");
    expect(await outcomeOf(await receiver.github({ id: "b" }))).toBe("200 duplicate");
    const payload = githubPackagePayload({ ...PACKAGE, tag: "v2" });
    expect(await outcomeOf(await receiver.github({ id: "a", payload }))).toBe("200 duplicate");
    expect(await outcomeOf(await receiver.github({ id: "c", payload }))).toBe("200 published");
    expect(receiver.events).toHaveLength(2);
  });

  it("counts 1000 replays once", async () => {
    const receiver = openReceiver();
    for (let i = 0; i < 1000; i++) expect((await receiver.github()).status).toBe(200);
    expect(receiver.events).toHaveLength(1);
  });

  it("lets a delivery come again when no subscriber took it", async () => {
    let isDown = true;
    const taken: unknown[] = [];
    const receiver = openReceiver();
    const failing = createWebhookReceiver({
      github: { secrets: [new Secret("canary-github-8f6e11f0")] },
      sinks: [(event) => {
        if (isDown) throw new Error("down");
        taken.push(event);
      }],
    });
    const send = async (): Promise<string> => {
      const answers = { ...receiver, ...failing };
      const post = await import("../../../src/simulation/mod.ts").then((simulation) =>
        simulation.githubWebhook({
          secret: "canary-github-8f6e11f0",
          payload: githubPackagePayload(PACKAGE),
        })
      );
      return outcomeOf(await answers.fetch(webhookRequest(GITHUB_URL, post)));
    };
    expect(await send()).toBe("503 undelivered");
    isDown = false;
    expect(await send()).toBe("200 published");
    expect(taken).toHaveLength(1);
  });
});

describe("createWebhookReceiver(): what is refused", () => {
  it("answers methods, types and bodies without detail", async () => {
    const receiver = openReceiver();
    const post = (init: RequestInit): Promise<Response> =>
      receiver.fetch(new Request(HUB_URL, { method: "POST", ...init }));
    const json = { "content-type": "application/json" };
    const get = await receiver.fetch(new Request(HUB_URL));
    expect([get.status, get.headers.get("allow")]).toEqual([405, "POST"]);
    expect((await receiver.fetch(new Request(GITHUB_URL))).status).toBe(405);
    expect((await post({ body: "{}" })).status).toBe(415);
    expect((await post({ body: "{}", headers: { "content-type": "text/html" } })).status).toBe(415);
    const zipped = { ...json, "content-encoding": "gzip" };
    expect((await post({ body: "{}", headers: zipped })).status).toBe(415);
    for (const body of ["", "{", "[]", "{}", "7", '{"a":1,"a":1}', "[".repeat(100)]) {
      expect(await outcomeOf(await post({ body, headers: json }))).toBe("400 bad request");
    }
    expect((await post({ body: "payload={}&payload={}", headers: FORM })).status).toBe(400);
    expect(receiver.effects()).toBe(0);
  });

  const FORM = { "content-type": "application/x-www-form-urlencoded" };

  it.each([1024 * 1024, 1024 * 1024 + 1])("caps bodies at 1 MiB: %i", async (length) => {
    const receiver = openReceiver();
    const init = { method: "POST", headers: { "content-type": "application/json" } };
    const whole = new Request(HUB_URL, { ...init, body: " ".repeat(length) });
    const body = new Blob([" ".repeat(length)]).stream();
    const streamed = new Request(HUB_URL, { ...init, body, duplex: "half" } as RequestInit);
    const status = length > 1024 * 1024 ? 413 : 400;
    expect((await receiver.fetch(whole)).status).toBe(status);
    expect((await receiver.fetch(streamed)).status).toBe(status);
  });

  it("does not wait for a body that never ends", async () => {
    const clock = createVirtualClock();
    const receiver = openReceiver({ clock });
    const request = new Request(HUB_URL, {
      ...{ method: "POST", body: new ReadableStream(), duplex: "half" },
    } as RequestInit);
    expect((await clock.run(receiver.fetch(request))).status).toBe(408);
  });

  it("answers within 10 seconds when nothing else does", async () => {
    const clock = createVirtualClock();
    const never = new Promise<never>(() => {});
    const receiver = openReceiver({
      clock,
      deliveries: { claim: () => never, release: () => never },
      sinks: [() => never],
      dockerHub: {
        secrets: [new Secret(HUB_SECRET)],
        resolve: () => never,
        purger: { purge: () => never },
        callbackOrigins: ["https://registry.hub.docker.com"],
      },
      fetch: () => never,
    });
    const start = clock.now();
    expect(await outcomeOf(await clock.run(receiver.hub()))).toBe("200 published");
    expect(clock.now() - start).toBeLessThan(10_000);
    expect(receiver.events).toHaveLength(1);
  });

  it("has no address for a provider that is not configured", async () => {
    const { fetch } = createWebhookReceiver({});
    expect((await fetch(new Request(HUB_URL, { method: "POST" }))).status).toBe(404);
    expect((await fetch(new Request(GITHUB_URL, { method: "POST" }))).status).toBe(404);
  });

  it.each<[string, () => unknown, string]>([
    ["no secret", () => openReceiver({ github: { secrets: [] } }), "github.secrets"],
    [
      "a short secret",
      () => openReceiver({ github: { secrets: [new Secret("short")] } }),
      "github.secrets[0]",
    ],
    [
      "a secret that a path cannot hold",
      () => openReceiver({ dockerHub: { secrets: [new Secret("a/b".repeat(12))] } }),
      "dockerHub.secrets[0]",
    ],
  ])("refuses %s", (_name, open, key) => {
    const error = TidegateError;
    expect(open).toThrow(error);
    expect(open).toThrow(expect.objectContaining({ details: expect.objectContaining({ key }) }));
  });

  it("refuses a path and limits that are none", () => {
    for (const path of ["", "/", "hooks", "/hooks/", "/Hooks", "/a b", "/:x", "/*"]) {
      expect(() => createWebhookReceiver({ path })).toThrow(TypeError);
    }
    expect(() => createWebhookReceiver({ limits: { heldBytes: 0 } })).toThrow(TypeError);
  });

  it("hands no secret to its observer or its answers", async () => {
    const receiver = openReceiver();
    const answers = [
      await receiver.hub(),
      await receiver.hub({}, OTHER),
      await receiver.github({ secret: "x" }),
      await receiver.fetch(new Request(HUB_URL, { method: "POST", body: HUB_SECRET })),
    ];
    const texts = await Promise.all(answers.map((answer) => answer.text()));
    expect(JSON.stringify([receiver.told, receiver.events, texts])).not.toContain("canary");
  });
});

describe("createWebhookReceiver(): floods", () => {
  it("takes a burst of 200, tells the rest to wait, and goes on a minute later", async () => {
    const clock = createTestClock();
    const receiver = openReceiver({ clock });
    const send = (pushedAt: number): Promise<Response> => receiver.hub({ pushedAt });
    for (let i = 1000; i < 1300; i++) await send(i);
    expect(receiver.events).toHaveLength(200);
    const refused = await send(5000);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "1"]);
    clock.advance(60_000);
    expect((await send(5001)).status).toBe(200);
  });

  it("holds a bounded number of bytes, and takes more when they are read", async () => {
    const receiver = openReceiver({ limits: { heldBytes: 1024 * 1024 } });
    const headers = { "content-type": "application/json" };
    const post = (body: ReadableStream): Promise<Response> =>
      receiver.fetch(
        new Request(HUB_URL, { method: "POST", headers, body, duplex: "half" } as RequestInit),
      );
    let first: Promise<Response> | undefined;
    const end = await new Promise<() => void>((resolve) => {
      const pull = (controller: ReadableStreamDefaultController): void =>
        resolve(() => controller.close());
      first = post(new ReadableStream({ pull }, { highWaterMark: 0 })); // of unknown length: 1 MiB
    });
    expect(await outcomeOf(await post(new ReadableStream()))).toBe("503 unavailable");
    expect((await receiver.hub()).status).toBe(503);
    end();
    expect((await first)?.status).toBe(400);
    expect((await receiver.hub()).status).toBe(200);
  });

  it("keeps one provider's flood from the other", async () => {
    const receiver = openReceiver({ clock: createTestClock(), limits: { burst: 1 } });
    await receiver.hub({ pushedAt: 1 });
    expect((await receiver.hub({ pushedAt: 2 })).status).toBe(429);
    expect((await receiver.github()).status).toBe(200);
  });

  it("lets replays use up nothing of the sender's rate", async () => {
    const receiver = openReceiver({ clock: createTestClock(), limits: { burst: 2 } });
    for (let i = 0; i < 100; i++) expect((await receiver.github()).status).toBe(200);
    const payload = githubPackagePayload({ ...PACKAGE, tag: "v2" });
    expect(await outcomeOf(await receiver.github({ payload, id: "2" }))).toBe("200 published");
  });

  it("stops an address that guesses, and no other", async () => {
    const clock = createTestClock();
    const receiver = openReceiver({ clock });
    const from = (address: string): Record<string, string> => ({ "cf-connecting-ip": address });
    const guess = (address: string): Promise<Response> =>
      receiver.github({ secret: "x" }, from(address));
    for (let i = 0; i < 30; i++) expect((await guess("192.0.2.1")).status).toBe(401);
    expect((await guess("192.0.2.1")).status).toBe(429);
    expect((await receiver.github({}, from("192.0.2.1"))).status).toBe(429);
    expect((await receiver.github({}, from("192.0.2.2"))).status).toBe(200);
    clock.advance(2_000);
    expect((await guess("192.0.2.1")).status).toBe(401);
  });

  it("remembers a bounded number of deliveries", async () => {
    const store = memoryDeliveries({ maxKeys: 100 });
    for (let i = 0; i < 1000; i++) expect(await store.claim([`k${i}`])).toBe(true);
    expect(store.isKnown(["k899"])).toBe(false);
    expect(store.isKnown(["k900"])).toBe(true);
  });
});

describe("createWebhookReceiver(): the callback_url", () => {
  const open = (
    callbackOrigins: readonly string[],
  ): [Request[], ReturnType<typeof openReceiver>] => {
    const asked: Request[] = [];
    const receiver = openReceiver({
      dockerHub: { secrets: [new Secret(HUB_SECRET)], callbackOrigins },
      fetch: (request) => {
        asked.push(request);
        return Promise.resolve(new Response(null, { status: 404 }));
      },
    });
    return [asked, receiver];
  };

  it("is left alone by default", async () => {
    const [asked, receiver] = open([]);
    await receiver.hub();
    expect(asked).toEqual([]);
  });

  it("is answered on a listed origin, with a fixed body and no credentials", async () => {
    const [asked, receiver] = open(["https://registry.hub.docker.com"]);
    expect(await outcomeOf(await receiver.hub())).toBe("200 published");
    await receiver.hub(); // a duplicate
    expect(asked).toHaveLength(1);
    expect(asked[0]?.redirect).toBe("manual");
    expect([...asked[0]?.headers ?? []]).toEqual([["content-type", "application/json"]]);
    expect(await asked[0]?.json()).toMatchObject({ state: "success" });
  });

  it.each([
    "http://registry.hub.docker.com/",
    "https://registry.hub.docker.com:444/",
    "https://registry.hub.docker.com.evil.test/",
    "https://registry.hub.docker.com@evil.test/",
    "https://u:p@registry.hub.docker.com/",
    "https://127.0.0.1/",
    "https://169.254.169.254/latest/meta-data",
    "//registry.hub.docker.com/",
    "javascript:alert(1)",
    "nothing",
    `https://registry.hub.docker.com/${"a".repeat(3000)}`,
  ])("is not answered at %s", async (callbackUrl) => {
    const [asked, receiver] = open(["https://registry.hub.docker.com"]);
    await receiver.hub({ callbackUrl });
    expect(asked).toEqual([]);
    expect(receiver.told.map(({ type }) => type)).toEqual(["webhook.received"]); // it was not tried
    expect(receiver.events).toHaveLength(1);
  });
});

describe("accept()", () => {
  const severities = { critical: 1, high: 2, medium: 0, low: 0, unknown: 0 };
  it("publishes a scan that the caller vouches for", async () => {
    const receiver = openReceiver();
    const kind = "vulnerability";
    const notice = { kind, repository: "acme/app", digest: DIGEST, severities } as const;
    const routed = await receiver.accept(notice, { source: "scanner", registry: "ghcr.io" });
    expect(routed).toBe("published");
    expect(receiver.events).toMatchObject([{
      type: "image.scanned",
      source: "scanner",
      severities,
    }]);
  });
});
