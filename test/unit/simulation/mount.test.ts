import { describe, expect, it } from "vitest";
import type { RegistryAuth, RegistryQuirks } from "../../../src/simulation/mod.ts";
import { pushBench, someBytes } from "./push_support.ts";
import type { PushBench } from "./push_support.ts";

const BYTES = someBytes(10);

/** A registry with a blob in `from`, and the status of mounting it into `to`. */
async function mountBench(
  quirks: RegistryQuirks = {},
): Promise<PushBench & { digest: string; mount(query: string): Promise<number> }> {
  const bench = pushBench({}, quirks);
  const digest = await bench.pushBlob("from", BYTES);
  const mount = async (query: string): Promise<number> =>
    (await bench.send("POST", `/v2/to/blobs/uploads/?mount=${digest}${query}`)).status;
  return { ...bench, digest, mount };
}

describe("mount: end-11", () => {
  it("files the blob here: 201", async () => {
    const { send, get, digest } = await mountBench();
    const { status, headers } = await send(
      "POST",
      `/v2/to/blobs/uploads/?mount=${digest}&from=from`,
    );
    expect([status, headers.get("location"), headers.get("docker-content-digest")])
      .toEqual([201, `https://registry.test/v2/to/blobs/${digest}`, digest]);
    expect((await get(`/v2/to/blobs/${digest}`)).status).toBe(200);
  });

  it("what `from` does not have becomes an upload that goes on", async () => {
    const { send, digest, mount, get } = await mountBench();
    expect(await mount("&from=else")).toBe(202);
    expect(await mount("")).toBe(202);
    expect((await get(`/v2/to/blobs/${digest}`)).status).toBe(404);
    const start = await send("POST", `/v2/to/blobs/uploads/?mount=${digest}&from=else`);
    const location = `${start.headers.get("location")}?digest=${digest}`;
    expect((await send("PUT", location, { body: BYTES })).status).toBe(201);
  });

  it("a digest that is none is 400", async () => {
    const { send } = await mountBench();
    const answer = await send("POST", "/v2/to/blobs/uploads/?mount=sha256:x&from=from");
    expect([answer.status, answer.codes]).toEqual([400, ["DIGEST_INVALID"]]);
  });

  it("without `from`, where the registry does that", async () => {
    const { mount, registry } = await mountBench();
    registry.configure({ push: { anonymousMount: true } });
    expect(await mount("")).toBe(201);
  });

  it.each<[RegistryQuirks, string, number]>([
    [{ refuseMounts: true }, "&from=from", 202],
    [{ mountWithoutFrom: 400 }, "", 400],
    [{ mountWithoutFrom: 400 }, "&from=from", 201],
    [{ mountUnknownFrom: 400 }, "&from=else", 400],
    [{ mountUnknownFrom: 400 }, "&from=from", 201],
  ])("quirk %j: %s is %i", async (quirks, query, status) => {
    const { mount } = await mountBench(quirks);
    expect(await mount(query)).toBe(status);
  });
});

it("a mount may be answered with 201 and leave nothing", async () => {
  const { digest, mount, get } = await mountBench({ emptyMounts: true });
  expect(await mount("&from=from")).toBe(201);
  expect((await get(`/v2/to/blobs/${digest}`)).status).toBe(404);
});

describe("mount: access", () => {
  type Grants = Record<string, readonly string[]>;

  async function authorised(
    grants: Grants,
    scopes: readonly string[],
    quirks: RegistryQuirks = {},
  ): Promise<{ status: number; challenge: string | null }> {
    const bench = await mountBench(quirks);
    const tokens = bench.simulation.tokenService("auth.test", {
      allow: (_user, name, action) => grants[name]?.includes(action) ?? false,
    });
    const auth: RegistryAuth = { mode: "bearer", tokens };
    bench.registry.configure({ auth, push: { anonymousMount: true } });
    const query = scopes.map((scope) => `&scope=${scope}`).join("");
    const url = `${tokens.realm}?service=registry.test${query}`;
    const answer = await (await bench.simulation.fetch(new Request(url))).json();
    const { token } = answer as { token: string };
    const { status, headers } = await bench.send(
      "POST",
      `/v2/to/blobs/uploads/?mount=${bench.digest}&from=from`,
      { headers: { authorization: `Bearer ${token}` } },
    );
    return { status, challenge: headers.get("www-authenticate") };
  }

  const PUSH = "repository:to:pull,push";
  const PULL = "repository:from:pull";

  it("out of a repository that the token covers, and out of no other", async () => {
    const grants = { to: ["pull", "push"], from: ["pull"] };
    expect((await authorised(grants, [PUSH, PULL])).status).toBe(201);
    expect((await authorised(grants, [PUSH])).status).toBe(202);
    expect((await authorised({ to: ["pull", "push"] }, [PUSH, PULL])).status).toBe(202);
    expect((await authorised({ from: ["pull"] }, [PUSH, PULL])).status).toBe(401);
  });

  it("quirk mountNeedsSource: 401 with both scopes", async () => {
    const grants = { to: ["pull", "push"], from: ["pull"] };
    const { status, challenge } = await authorised(grants, [PUSH], { mountNeedsSource: true });
    expect(status).toBe(401);
    expect(challenge).toContain(`scope="${PUSH} ${PULL}"`);
    expect((await authorised(grants, [PUSH, PULL], { mountNeedsSource: true })).status).toBe(201);
  });
});
