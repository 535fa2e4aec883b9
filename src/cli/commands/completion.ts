import type { Command, CommandContext } from "../command.ts";
import { completionScript, SHELLS } from "../completion_script.ts";
import { UsageError } from "../usage_error.ts";

/** `tidegate completion`. */
export const command: Command = {
  name: "completion",
  summary: "Print a script that completes commands and options in a shell",
  usage: "<shell>",
  details: "For bash, zsh and fish.",
  examples: [
    { does: "bash, for this session", line: "source <(tidegate completion bash)" },
    {
      does: "zsh, for good",
      line: 'tidegate completion zsh > "${fpath[1]}/_tidegate"',
    },
    {
      does: "fish, for good",
      line: "tidegate completion fish > ~/.config/fish/completions/tidegate.fish",
    },
  ],
  options: [],
  run,
};

async function run(context: CommandContext): Promise<void> {
  const shell = SHELLS.find((name) => name === context.arg(0));
  if (shell === undefined) throw new UsageError(`The shell must be one of ${SHELLS.join(", ")}`);
  await context.output.line(completionScript(shell, await context.commands()));
}
