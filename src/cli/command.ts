import type { Clock } from "../core/mod.ts";
import type { CliHost } from "./host.ts";
import type { Output } from "./output.ts";
import type { OptionValues } from "./values.ts";

/** An option of a command. */
export interface OptionSpec {
  /**
   * `-q, --quiet` is on or off; `--platform <platform>` takes a value, and may be given several
   * times.
   */
  readonly flags: string;
  /** One line for the help. */
  readonly summary: string;
}

/** A command line to try, and what it does. */
export interface Example {
  readonly does: string;
  readonly line: string;
}

/** One subcommand: data for the parser and for the help, and the work itself. */
export interface Command {
  /** With its group, if it has one: `pull`, `cache ls`. */
  readonly name: string;
  /** One line, without a full stop. */
  readonly summary: string;
  /** What follows the name: `<image> [target]`. */
  readonly usage: string;
  /** More, shown below the summary. */
  readonly details?: string | undefined;
  readonly examples: readonly Example[];
  /** Its own and those that it shares with others; what all have is not listed. */
  readonly options: readonly OptionSpec[];
  /**
   * Do the work.
   *
   * @returns The exit code. Nothing is 0.
   * @throws {TidegateError} Turned into a message, a hint and an exit code.
   */
  run(context: CommandContext): Promise<number | void>;
}

/** A command in a table: enough for the general help, and the way to the rest. */
export interface CommandEntry extends Pick<Command, "name" | "summary"> {
  /** Its file is loaded when it is run. */
  load(): Promise<Command>;
}

/** What a command works with: its words, and the outside. */
export interface CommandContext {
  /** Of the command: `cache ls`. */
  readonly name: string;
  /** The words behind the name that belong to no option. */
  readonly args: readonly string[];
  readonly options: OptionValues;
  readonly output: Output;
  readonly host: CliHost;
  /** All commands there are. */
  commands(): Promise<readonly Command[]>;
  /** Aborted when the user wants to stop. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /**
   * A word that the usage says is there.
   * @throws {TypeError} If it is not.
   */
  arg(index: number): string;
}
