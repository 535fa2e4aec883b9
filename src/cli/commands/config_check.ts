import { decodeUtf8 } from "../../core/mod.ts";
import { checkConfigText } from "../../settings/mod.ts";
import type { Command, CommandContext } from "../command.ts";
import { EXIT } from "../exit_code.ts";
import { UsageError } from "../usage_error.ts";

const MAX_CONFIG_BYTES: number = 1024 * 1024;

/** `tidegate config check`. */
export const command: Command = {
  name: "config check",
  summary: "Check a configuration file: of clients, or of a front door",
  usage: "<file>",
  details: "Tells of every problem at once, by its key. Values are not shown.",
  examples: [
    { does: "of the command itself", line: "tidegate config check ~/.config/tidegate.yaml" },
    { does: "of a front door", line: "tidegate config check door.json" },
  ],
  options: [],
  run,
};

async function run(context: CommandContext): Promise<number> {
  const { host, output } = context;
  const path = context.arg(0);
  const bytes = await host.files.read(path, MAX_CONFIG_BYTES);
  if (bytes === undefined) throw new UsageError(`There is no file ${path}`);
  const report = checkConfigText(decodeUtf8(bytes), host.env);
  if (output.mode.json) await output.json({ file: path, ...report });
  else {
    for (const warning of report.warnings) output.warn(`Warning: ${warning}`);
    for (const { message } of report.problems) output.warn(message);
    const count = report.problems.length;
    await output.line(
      count === 0
        ? `${path} is right (${report.kind})`
        : `${path} has ${count} ${count === 1 ? "problem" : "problems"} (${report.kind})`,
    );
  }
  return report.problems.length === 0 ? EXIT.ok : EXIT.usage;
}
