import type { CommandContext, CommandEntry } from "./command.ts";
import type { CliHost } from "./host.ts";
import type { Output } from "./output.ts";
import type { OptionValues } from "./values.ts";

/** What a context is made of. */
export interface ContextParts {
  readonly name: string;
  readonly args: readonly string[];
  readonly options: OptionValues;
  readonly output: Output;
  readonly host: CliHost;
  readonly commands: readonly CommandEntry[];
}

/** Make what a command works with. */
export function createContext(parts: ContextParts): CommandContext {
  const { args, commands, host, name } = parts;
  return {
    ...parts,
    signal: host.signal,
    clock: host.clock,
    commands: () => Promise.all(commands.map(({ load }) => load())),
    arg(index): string {
      const word = args[index];
      if (word === undefined) throw new TypeError(`${name} has no argument ${index}`);
      return word;
    },
  };
}
