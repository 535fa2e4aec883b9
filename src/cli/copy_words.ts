import type { CopyOptions } from "../copy/mod.ts";

/** The options of a copy that decide what is copied. */
export type CopyWords = Pick<
  CopyOptions,
  "platforms" | "referrers" | "digestTags" | "tags" | "sparse"
>;

const VALUED = ["platform", "artifact-type", "tag"] as const;
const FLAGS = ["referrers", "digest-tags", "sparse"] as const;

/** What stands behind a source's name; values have no spaces, paths may. */
const WORDS =
  /^(.*?)((?: --(?:(?:platform|artifact-type|tag)=\S+|referrers|digest-tags|sparse))*)$/s;

/**
 * A source as a record of an upload keeps it: its name, and the options of its copy as the command
 * line has them. {@linkcode parseCopyWords} undoes it.
 */
export function formatCopyWords(name: string, options: CopyWords): string {
  const { digestTags, platforms = [], referrers, sparse, tags = [] } = options;
  const types = Array.isArray(referrers) ? referrers as readonly string[] : [];
  const words = [
    ...platforms.map((platform) => ["platform", String(platform)] as const),
    ...types.map((type) => ["artifact-type", type] as const),
    ...tags.map((tag) => ["tag", tag] as const),
  ].map(([key, value]) => ` --${key}=${value}`);
  const flags = [
    ...(referrers === true ? [" --referrers"] : []),
    ...(digestTags ? [" --digest-tags"] : []),
    ...(sparse ? [" --sparse"] : []),
  ];
  return [name, ...words, ...flags].join("");
}

/** Read what {@linkcode formatCopyWords} wrote. */
export function parseCopyWords(
  text: string,
): { readonly name: string; readonly options: CopyWords } {
  const [, name = text, words = ""] = WORDS.exec(text) ?? [];
  const given = words.split(" --").filter((word) => word !== "");
  const [platforms, types, tags] = VALUED.map((key) =>
    given.filter((word) => word.startsWith(`${key}=`)).map((word) => word.slice(key.length + 1))
  );
  const [referrers, digestTags, sparse] = FLAGS.map((flag) => given.includes(flag));
  return {
    name,
    options: {
      ...(platforms?.length && { platforms }),
      referrers: types?.length ? types : referrers,
      digestTags,
      tags,
      sparse,
    },
  };
}
