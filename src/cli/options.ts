import type { OptionSpec } from "./command.ts";

/** What every command takes. */
export const COMMON_OPTIONS: readonly OptionSpec[] = [
  { flags: "--json", summary: "print results and events as JSON" },
  { flags: "-q, --quiet", summary: "print results and errors alone" },
  { flags: "--debug", summary: "log every request to standard error, without secrets" },
];

/** What every command takes that speaks to a registry. */
export const REGISTRY_OPTIONS: readonly OptionSpec[] = [
  { flags: "-u, --username <name>", summary: "user name for the registry" },
  {
    flags: "-p, --password <password>",
    summary: "password or token; other processes can see it, --password-stdin is better",
  },
  { flags: "--password-stdin", summary: "read the password from standard input" },
  {
    flags: "--registry <host>",
    summary: "the only registry that the user name and password are for",
  },
  { flags: "--insecure <host>", summary: "speak plain http with this host" },
  {
    flags: "--trust <host=origin>",
    summary: "let this registry have its tokens or uploads at another origin",
  },
  { flags: "--config <file>", summary: "configuration file (YAML); also TIDEGATE_CONFIG_FILE" },
];

/** What every command takes that uses the cache. */
export const CACHE_OPTIONS: readonly OptionSpec[] = [
  {
    flags: "--cache <folder>",
    summary: "the cache; also TIDEGATE_CACHE (default: ~/.cache/tidegate)",
  },
];

/** For commands that choose from a multi-platform image. */
export const PLATFORM_OPTION: OptionSpec = {
  flags: "--platform <platform>",
  summary: "of a multi-platform image: os[/architecture[/variant]]",
};
