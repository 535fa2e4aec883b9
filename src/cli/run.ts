import { COMMANDS, findCommand } from "./commands.ts";
import type { Command } from "./command.ts";
import { createContext } from "./context.ts";
import { EXIT } from "./exit_code.ts";
import { generalHelp, groupHelp } from "./help_text.ts";
import type { CliHost } from "./host.ts";
import { ClosedOutputError, createOutput, type Output } from "./output.ts";
import { parseCommand } from "./parse_command.ts";
import { describeError, reportError } from "./report_error.ts";
import { UsageError } from "./usage_error.ts";

/** Options that may stand before the command's name. */
const LEADING: ReadonlySet<string> = new Set(["--json", "-q", "--quiet", "--debug"]);

/** Commands that do nothing but print: of them, whoever stops reading has had enough. */
const PRINTERS: ReadonlySet<string> = new Set([
  ...["inspect", "manifest", "digest", "tags", "referrers", "search", "limits"],
  ...["cache ls", "uploads ls", "completion"],
]);

/**
 * Run one command line to its end.
 *
 * @param words Without the program's name.
 * @param version What `--version` prints.
 * @returns The exit code. Never throws: what goes wrong is told on standard error.
 */
export async function runCommandLine(
  words: readonly string[],
  host: CliHost,
  version: string,
): Promise<number> {
  const { leading, rest } = splitLeading(words);
  const given = [...leading, ...rest];
  const output = createOutput(host.stdout, host.stderr, {
    json: isGiven(given, "--json"),
    quiet: isGiven(given, "--quiet") || isGiven(given, "-q"),
  });
  let name = "";
  try {
    if (rest[0] === "--version" || rest[0] === "-V") {
      await output.line(version);
      return EXIT.ok;
    }
    const [first, ...others] = rest[0] === "help" ? [...rest.slice(1), "--help"] : rest;
    if (first === undefined || first === "--help" || first === "-h") {
      return await showHelp(first !== undefined, output);
    }
    const found = findCommand([first, ...others]);
    name = found.kind === "command" ? found.entry.name : "";
    if (found.kind === "none") throw unknownCommand(first, found.nearest);
    if (found.kind === "group") return await showGroup(found.group, others, output);
    const command = await found.entry.load();
    return await runCommand(command, [...leading, ...found.rest], output, host);
  } catch (error) {
    const isHelp = name === "" || isGiven(rest, "--help") || isGiven(rest, "-h");
    if (error instanceof ClosedOutputError && (isHelp || PRINTERS.has(name))) return EXIT.ok;
    const report = describeError(error, name, host.signal);
    await reportError(report, output);
    return report.exitCode;
  } finally {
    await output.flush();
  }
}

async function runCommand(
  command: Command,
  words: readonly string[],
  output: Output,
  host: CliHost,
): Promise<number> {
  const parsed = parseCommand(command, words);
  if (parsed.kind === "help") {
    await output.line(parsed.text);
    return EXIT.ok;
  }
  const { args, options } = parsed;
  const { name } = command;
  const context = createContext({ name, args, options, output, host, commands: COMMANDS });
  return await command.run(context) ?? EXIT.ok;
}

async function showHelp(isAsked: boolean, output: Output): Promise<number> {
  const text = generalHelp(COMMANDS);
  if (isAsked) await output.line(text);
  else output.warn(text);
  return isAsked ? EXIT.ok : EXIT.usage;
}

async function showGroup(group: string, words: readonly string[], output: Output): Promise<number> {
  const [word] = words;
  const text = groupHelp(group, COMMANDS.filter(({ name }) => name.startsWith(`${group} `)));
  if (word === "--help" || word === "-h") {
    await output.line(text);
    return EXIT.ok;
  }
  if (word !== undefined) {
    throw unknownCommand(word.startsWith("-") ? word : `${group} ${word}`, undefined);
  }
  output.warn(text);
  return EXIT.usage;
}

function unknownCommand(word: string, nearest: string | undefined): UsageError {
  if (word.startsWith("-")) {
    // what is attached to it may be a secret: --password=…, -p…
    const flag = word.startsWith("--") ? word.split("=", 1)[0]?.slice(0, 64) : word.slice(0, 2);
    return new UsageError(`'${flag}' is no command; options come after one`);
  }
  const advice = nearest === undefined ? "" : `; did you mean '${nearest}'?`;
  return new UsageError(`There is no command '${word.slice(0, 64)}'${advice}`);
}

function splitLeading(words: readonly string[]): {
  readonly leading: readonly string[];
  readonly rest: readonly string[];
} {
  const at = words.findIndex((word) => !LEADING.has(word));
  return at === -1
    ? { leading: words, rest: [] }
    : { leading: words.slice(0, at), rest: words.slice(at) };
}

/** How to speak must be known before the words are understood: an error is told that way, too. */
function isGiven(words: readonly string[], flag: string): boolean {
  const end = words.indexOf("--");
  return words.slice(0, end === -1 ? words.length : end).includes(flag);
}
