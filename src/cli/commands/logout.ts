import type { Command, CommandContext } from "../command.ts";
import { eraseLogin } from "../docker_config_file.ts";
import { EXIT } from "../exit_code.ts";
import { loadCliSettings, upstreamOf } from "../cli_settings.ts";
import { loginKey, registryArgument } from "../login_key.ts";

/** `tidegate logout`. */
export const command: Command = {
  name: "logout",
  summary: "Forget the credentials for a registry",
  usage: "[registry]",
  details:
    "They are taken out of docker's config.json, or out of the registry's credential helper. " +
    "The default is Docker Hub.",
  examples: [{ does: "from GitHub's registry", line: "tidegate logout ghcr.io" }],
  options: [],
  run,
};

async function run(context: CommandContext): Promise<number> {
  const { host, output } = context;
  const registry = registryArgument(context.args[0]);
  const upstream = upstreamOf(await loadCliSettings(context), registry);
  const erased = await eraseLogin(host, { key: loginKey(registry, upstream), upstream });
  if (output.mode.json) await output.json({ registry, erased: erased !== undefined });
  else if (erased !== undefined) await output.line(`Logged out of ${registry}`);
  else output.warn(`There are no credentials for ${registry} in ${host.dockerConfigPath}`);
  return erased === undefined ? EXIT.notFound : EXIT.ok;
}
