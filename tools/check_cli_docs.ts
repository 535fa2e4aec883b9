import { readFileSync, writeFileSync } from "node:fs";
import { COMMANDS } from "../src/cli/commands.ts";
import { EXIT_MEANINGS } from "../src/cli/exit_code.ts";
import { generalHelp, helpText } from "../src/cli/help_text.ts";
import { type Problem, report } from "./source_files.ts";

const PAGE = "docs/cli.md";
const BEGIN = "<!-- commands: written by `npm run build:cli-docs` -->";
const END = "<!-- end of commands -->";

/** The reference of every command, as its help has it. */
export async function commandReference(): Promise<string> {
  const commands = await Promise.all(COMMANDS.map(({ load }) => load()));
  const sections = commands.map((command) =>
    `### tidegate ${command.name}\n\n\`\`\`text\n${helpText(command)}\n\`\`\``
  );
  const general = `\`\`\`text\n${generalHelp(COMMANDS)}\n\`\`\``;
  return [general, ...sections].join("\n\n");
}

/** The page with its reference renewed. */
export function withReference(page: string, reference: string): string {
  const [before, rest] = page.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) throw new Error(`${PAGE} has no markers`);
  return `${before}${BEGIN}\n\n${reference}\n\n${END}${after}`;
}

/** What the page says otherwise than the command does. */
export function checkPage(page: string, reference: string): Problem[] {
  const stale = withReference(page, reference) === page
    ? []
    : [`${PAGE}: the commands are not as their --help: npm run build:cli-docs`];
  const table = page.split("## Exit codes")[1] ?? "";
  const missing = EXIT_MEANINGS.filter(([code]) => !new RegExp(`^\\| ${code} `, "m").test(table));
  return [...stale, ...missing.map(([code]) => `${PAGE}: exit code ${code} is not in its table`)];
}

async function main(isWriting: boolean): Promise<Problem[]> {
  const page = readFileSync(PAGE, "utf8");
  const reference = await commandReference();
  if (!isWriting) return checkPage(page, reference);
  writeFileSync(PAGE, withReference(page, reference));
  return [];
}

// With --write the page is brought up to date.
if (import.meta.main) report("cli-docs", await main(process.argv.includes("--write")));
