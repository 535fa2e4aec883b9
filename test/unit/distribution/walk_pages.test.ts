import { describe, expect, it } from "vitest";
import { walkPages } from "../../../src/distribution/mod.ts";

interface Page {
  readonly name: string;
  readonly next: { readonly url: string } | undefined;
}

const urlOf = (name: string): string => `https://registry.example/${name}?secret=1`;

/** Pages by name, each with the name of the next one; what is asked for is noted. */
function pagesOf(
  links: Readonly<Record<string, string>>,
  asked: string[],
): (request: { readonly url: string }) => Promise<Page | undefined> {
  return ({ url }) => {
    const name = new URL(url).pathname.slice(1);
    asked.push(name);
    if (name === "none") return Promise.resolve(undefined);
    const next = links[name];
    return Promise.resolve({ name, next: next === undefined ? next : { url: urlOf(next) } });
  };
}

async function walk(links: Readonly<Record<string, string>>, maximum = 10): Promise<string[]> {
  const found: string[] = [];
  const pages = walkPages({ url: urlOf("a") }, maximum, pagesOf(links, []));
  for await (const { name } of pages) found.push(name);
  return found;
}

describe("walkPages()", () => {
  it("goes on until no page is named, or the one that is named is not there", async () => {
    expect(await walk({ a: "b", b: "c" })).toEqual(["a", "b", "c"]);
    expect(await walk({ a: "b", b: "none" })).toEqual(["a", "b"]);
    expect(await walk({ a: "b", b: "c" }, 3)).toEqual(["a", "b", "c"]);
  });

  it("asks for no page that nobody reads", async () => {
    const asked: string[] = [];
    for await (const _ of walkPages({ url: urlOf("a") }, 10, pagesOf({ a: "b" }, asked))) break;
    expect(asked).toEqual(["a"]);
  });

  it("reads no page twice, and shows no query", async () => {
    const error = await walk({ a: "b", b: "a" }).catch((reason) => reason);
    expect(error).toMatchObject({ code: "INVALID_RESPONSE", details: { input: "/a" } });
    expect(error.message).not.toContain("secret");
  });

  it("reads no more pages than it may", async () => {
    await expect(walk({ a: "b", b: "c" }, 2)).rejects.toMatchObject({
      code: "LIMIT_EXCEEDED",
      details: { limit: "pages", maximum: 2 },
    });
  });
});
