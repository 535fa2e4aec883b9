import type { Command, CommandEntry } from "./command.ts";

function entry(
  name: string,
  summary: string,
  load: () => Promise<{ command: Command }>,
): CommandEntry {
  return { name, summary, load: async () => (await load()).command };
}

/** Every command, in the order of the help. */
export const COMMANDS: readonly CommandEntry[] = [
  entry("pull", "pull an image into the cache", () => import("./commands/pull.ts")),
  entry("push", "push an image out of the cache", () => import("./commands/push.ts")),
  entry("copy", "copy an image anywhere", () => import("./commands/copy.ts")),
  entry("sync", "keep sets of images in step", () => import("./commands/sync.ts")),
  entry("inspect", "show what an image is", () => import("./commands/inspect.ts")),
  entry("manifest", "print a manifest, byte for byte", () => import("./commands/manifest.ts")),
  entry("blob", "print a blob, verified", () => import("./commands/blob.ts")),
  entry("digest", "print the digest of an image", () => import("./commands/digest.ts")),
  entry("tags", "list the tags of a repository", () => import("./commands/tags.ts")),
  entry("referrers", "list what refers to an image", () => import("./commands/referrers.ts")),
  entry("diff", "compare two images", () => import("./commands/diff.ts")),
  entry("tag", "give an image more tags", () => import("./commands/tag.ts")),
  entry("rm", "delete a tag or a manifest", () => import("./commands/rm.ts")),
  entry("login", "keep credentials for a registry", () => import("./commands/login.ts")),
  entry("logout", "forget credentials for a registry", () => import("./commands/logout.ts")),
  entry("search", "search Docker Hub", () => import("./commands/search.ts")),
  entry("limits", "show how many pulls are left", () => import("./commands/limits.ts")),
  entry("cache ls", "list the images in the cache", () => import("./commands/cache_ls.ts")),
  entry("cache rm", "remove images from the cache", () => import("./commands/cache_rm.ts")),
  entry("cache gc", "delete what no image needs", () => import("./commands/cache_gc.ts")),
  entry("cache verify", "hash every blob of the cache", () => import("./commands/cache_verify.ts")),
  entry("uploads ls", "list interrupted uploads", () => import("./commands/uploads_ls.ts")),
  entry("uploads resume", "continue them", () => import("./commands/uploads_resume.ts")),
  entry("uploads cancel", "give them up", () => import("./commands/uploads_cancel.ts")),
  entry("serve", "serve the front door", () => import("./commands/serve.ts")),
  entry("config check", "check a configuration file", () => import("./commands/config_check.ts")),
  entry(
    "completion",
    "print a script that completes commands",
    () => import("./commands/completion.ts"),
  ),
];

/** A command line's command, its group, or nothing. */
export type Found =
  | { readonly kind: "command"; readonly entry: CommandEntry; readonly rest: readonly string[] }
  | { readonly kind: "group"; readonly group: string; readonly entries: readonly CommandEntry[] }
  | { readonly kind: "none"; readonly nearest: string | undefined };

/** Find the command that a command line begins with. */
export function findCommand(words: readonly string[]): Found {
  const [first = "", second = ""] = words;
  const own = COMMANDS.find(({ name }) => name === first);
  if (own !== undefined) return { kind: "command", entry: own, rest: words.slice(1) };
  const entries = COMMANDS.filter(({ name }) => name.startsWith(`${first} `));
  const member = entries.find(({ name }) => name === `${first} ${second}`);
  if (member !== undefined) return { kind: "command", entry: member, rest: words.slice(2) };
  if (entries.length > 0) return { kind: "group", group: first, entries };
  return { kind: "none", nearest: nearestTo(first) };
}

/** The name that is at most two edits away, if there is one. */
function nearestTo(word: string): string | undefined {
  const names = [...new Set(COMMANDS.map(({ name }) => name.replace(/ .*/, "")))];
  const ranked = names.map((name) => ({ name, edits: editDistance(word, name) }))
    .sort((a, b) => a.edits - b.edits);
  const [best] = ranked;
  return best !== undefined && best.edits <= 2 && best.edits < best.name.length
    ? best.name
    : undefined;
}

function editDistance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return 3;
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const swap = (row[j] ?? 0) + (a[i] === b[j] ? 0 : 1);
      next.push(Math.min(swap, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 3;
}
