import { describe, expect, it } from "vitest";
import { createPullReserve, type PullReserve } from "../../../src/front/pull_reserve.ts";
import { createTestClock, type TestClock } from "../../support/test_clock.ts";
import { answer, blobRequest, UPSTREAM } from "../../support/transport.ts";

const MANIFEST = { kind: "manifest", url: `${UPSTREAM.origin}/v2/a/manifests/v1` } as const;

function open(): { reserve: PullReserve; clock: TestClock } {
  const clock = createTestClock();
  return { reserve: createPullReserve({ size: 10, clock, observer: () => {} }), clock };
}

async function tell(
  reserve: PullReserve,
  remaining: string,
  { kind = "manifest", url = MANIFEST.url }: { kind?: "manifest" | "blob"; url?: string } = {},
): Promise<void> {
  const response = answer(200, { "ratelimit-remaining": remaining }, "", url);
  const send = reserve.layer(UPSTREAM)(() => Promise.resolve(response));
  await send(blobRequest({ ...MANIFEST, kind }));
}

describe("createPullReserve()", () => {
  it("knows nothing before an answer", () => {
    expect(open().reserve.isReached(UPSTREAM)).toBe(false);
  });

  it("believes what the upstream itself says about manifests", async () => {
    const { reserve } = open();
    await tell(reserve, "3;w=60", { kind: "blob" });
    await tell(reserve, "3;w=60", { url: "https://cdn.test/v2/a/manifests/v1" });
    expect(reserve.isReached(UPSTREAM)).toBe(false);
    await tell(reserve, "3;w=60");
    expect(reserve.isReached(UPSTREAM)).toBe(true);
    expect(reserve.isReached({ ...UPSTREAM, name: "other" })).toBe(false);
  });

  it.each([["10;w=3600", 3600], ["10", 60]])("believes %s for %i s", async (told, seconds) => {
    const { reserve, clock } = open();
    await tell(reserve, told);
    clock.advance(seconds * 1000 - 1);
    expect(reserve.isReached(UPSTREAM)).toBe(true);
    clock.advance(1);
    expect(reserve.isReached(UPSTREAM)).toBe(false);
  });

  it("counts a pull that is under way, but for ever none that was killed", async () => {
    const { reserve, clock } = open();
    await tell(reserve, "11;w=3600");
    void reserve.layer(UPSTREAM)(() => new Promise(() => {}))(blobRequest(MANIFEST));
    expect(reserve.isReached(UPSTREAM)).toBe(true);
    clock.advance(180_001);
    expect(reserve.isReached(UPSTREAM)).toBe(false);
  });
});
