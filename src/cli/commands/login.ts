import { createRegistryClient } from "../../client/mod.ts";
import { Secret } from "../../core/mod.ts";
import type { Command, CommandContext } from "../command.ts";
import { givenPassword, toCredential } from "../credentials.ts";
import { storeLogin } from "../docker_config_file.ts";
import { loginKey, registryArgument } from "../login_key.ts";
import { openClient } from "../open_client.ts";
import { REGISTRY_OPTIONS } from "../options.ts";
import { UsageError } from "../usage_error.ts";

/** `tidegate login`. */
export const command: Command = {
  name: "login",
  summary: "Keep credentials for a registry where docker keeps them",
  usage: "[registry]",
  details:
    "The registry is asked first whether it takes them. They go to the credential helper that " +
    "docker's config.json names for the registry, else into that file. The default is Docker Hub.",
  examples: [
    {
      does: "with a token from a file",
      line: "tidegate login ghcr.io --username octocat --password-stdin < token.txt",
    },
    { does: "Docker Hub, asked on the terminal", line: "tidegate login" },
  ],
  options: REGISTRY_OPTIONS.filter(({ flags }) => !flags.startsWith("--registry")),
  run,
};

async function run(context: CommandContext): Promise<void> {
  const { output, signal } = context;
  const registry = registryArgument(context.args[0]);
  const login = await askLogin(context);
  const { options, upstreamOf } = await openClient(withoutLogin(context), undefined);
  const upstream = upstreamOf(registry);
  const credential = toCredential(login.username, new Secret(login.password));
  const client = createRegistryClient({
    ...options,
    credentials: {
      id: "login",
      get: ({ origin }) => Promise.resolve(origin === upstream.origin ? credential : undefined),
    },
  });
  await client.ping({ registry }, { signal });
  const key = loginKey(registry, upstream);
  const { place, isHelper } = await storeLogin(context.host, { key, upstream }, login);
  if (output.mode.json) {
    await output.json({ registry, username: login.username, place, isHelper });
    return;
  }
  await output.line(`Logged in to ${registry} as ${login.username}`);
  output.note(
    isHelper
      ? `The password is kept by docker-credential-${place}`
      : `Warning: the password is kept unencrypted in ${place}`,
  );
}

/** From options, or from the terminal. */
async function askLogin(
  context: CommandContext,
): Promise<{ readonly username: string; readonly password: string }> {
  const { host, options } = context;
  const password = await givenPassword(context);
  const username = options.text("username") ?? await host.ask("Username: ", false);
  if (!username) {
    throw new UsageError("No user name was typed: where there is no terminal, use --username");
  }
  const secret = password?.reveal() ?? await host.ask("Password or token: ", true);
  if (!secret) {
    throw new UsageError("No password was typed: where there is no terminal, use --password-stdin");
  }
  toCredential(username, new Secret(secret));
  return { username, password: secret };
}

/** The words about the login are used up: the client is made without them. */
function withoutLogin(context: CommandContext): CommandContext {
  const spent = ["username", "password", "password-stdin"];
  const { options } = context;
  return {
    ...context,
    options: {
      ...options,
      flag: (name) => !spent.includes(name) && options.flag(name),
      text: (name) => spent.includes(name) ? undefined : options.text(name),
    },
  };
}
