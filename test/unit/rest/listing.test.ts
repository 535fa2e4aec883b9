import { describe, expect, it } from "vitest";
import { readListing } from "../../../src/rest/mod.ts";
import { resolveUpstream } from "../../../src/upstream/mod.ts";

const policy = { upstream: resolveUpstream("api.example") };
const FIRST = `${policy.upstream.origin}/things?page=1`;

/** What is listed until the end, or until it fails. */
async function list(next: string): Promise<{ found: number[]; error: unknown }> {
  const found: number[] = [];
  let page = 0;
  const entries = readListing(policy, FIRST, 10, () => {
    return Promise.resolve({ items: [page++, page++], next: page === 2 ? next : undefined });
  });
  try {
    for await (const entry of entries) found.push(entry);
  } catch (error) {
    return { found, error };
  }
  return { found, error: undefined };
}

describe("readListing()", () => {
  it.each(["?page=2", `${policy.upstream.origin}/things?page=2`])("goes on at %s", async (next) => {
    expect(await list(next)).toEqual({ found: [0, 1, 2, 3], error: undefined });
  });

  it("does not hand out a page that leads elsewhere", async () => {
    expect(await list("https://elsewhere.example/things")).toMatchObject({
      found: [],
      error: { code: "ORIGIN_NOT_TRUSTED" },
    });
  });
});
