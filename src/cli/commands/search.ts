import type { SearchResult } from "../../hub/mod.ts";
import type { Command, CommandContext } from "../command.ts";
import { openHub } from "../open_hub.ts";
import { REGISTRY_OPTIONS } from "../options.ts";
import { formatTable } from "../table.ts";

/** `tidegate search`. */
export const command: Command = {
  name: "search",
  summary: "Search Docker Hub",
  usage: "<words...>",
  examples: [
    { does: "web servers", line: "tidegate search nginx --limit 5" },
    { does: "official images alone", line: "tidegate search postgres --official" },
  ],
  options: [
    { flags: "--limit <number>", summary: "stop after so many (default: 25)" },
    { flags: "--official", summary: "only official images" },
    { flags: "--architecture <name>", summary: "only for this architecture: amd64, arm64" },
    ...REGISTRY_OPTIONS,
  ],
  run,
};

async function run(context: CommandContext): Promise<void> {
  const { options, output, signal } = context;
  const limit = options.number("limit", 1, 10_000) ?? 25;
  const { hub } = await openHub(context);
  const architectures = options.list("architecture");
  const results = hub.search(context.args.join(" "), {
    pageSize: Math.min(limit, 100),
    ...(options.flag("official") && { badges: ["official"] }),
    ...(architectures.length > 0 && { architectures }),
    signal,
  });
  const found: SearchResult[] = [];
  for await (const result of results) {
    found.push(result);
    if (found.length >= limit) break;
  }
  if (output.mode.json) return await output.json({ results: found });
  if (found.length === 0) return output.note("Nothing was found");
  await output.line(formatTable([["NAME", "STARS", "BADGE", "DESCRIPTION"], ...found.map(rowOf)]));
}

function rowOf({ name, stars, badge, description }: SearchResult): string[] {
  const line = (description ?? "").replace(/\s+/g, " ");
  const cut = line.length > 60 ? `${line.slice(0, 59)}…` : line;
  return [name, String(stars ?? ""), badge ?? "", cut];
}
