import { Command as Parser, CommanderError } from "commander";
import type { Command } from "./command.ts";
import { helpText } from "./help_text.ts";
import { COMMON_OPTIONS } from "./options.ts";
import { UsageError } from "./usage_error.ts";
import { type OptionValues, optionValues } from "./values.ts";

/** A command line, understood: either help was asked for, or there is work. */
export type Parsed =
  | { readonly kind: "help"; readonly text: string }
  | { readonly kind: "run"; readonly args: readonly string[]; readonly options: OptionValues };

/**
 * Read what follows a command's name.
 *
 * @throws {UsageError} For an unknown option, a missing value, too few or too many words.
 */
export function parseCommand(command: Command, words: readonly string[]): Parsed {
  const parser = parserOf(command);
  try {
    parser.parse(words, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === "commander.helpDisplayed") return { kind: "help", text: helpText(command) };
    throw new UsageError(messageOf(error));
  }
  return { kind: "run", args: parser.args, options: optionValues(parser.opts()) };
}

/** The parser for one command. It prints nothing and ends no process. */
export function parserOf({ name, summary, usage, options }: Command): Parser {
  const parser = new Parser(`tidegate ${name}`)
    .description(summary)
    .exitOverride()
    .configureOutput({ writeOut: () => {}, writeErr: () => {} })
    .allowExcessArguments(false)
    .helpOption("-h, --help", "show this");
  for (const word of usage.split(" ").filter((word) => word !== "")) parser.argument(word);
  for (const { flags, summary } of [...options, ...COMMON_OPTIONS]) {
    if (flags.includes("<")) parser.option(flags, summary, collect);
    else parser.option(flags, summary);
  }
  return parser;
}

/** Any option may be given several times; one that makes no sense twice takes its last value. */
function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...before ?? [], value];
}

/** Commander's messages begin with `error: ` in lower case and may have a second line with advice. */
function messageOf({ message }: CommanderError): string {
  const text = message.replace(/^error: /, "").replaceAll("\n", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}
