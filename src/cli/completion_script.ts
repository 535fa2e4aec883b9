import type { Command } from "./command.ts";
import { COMMON_OPTIONS } from "./options.ts";

/** The shells that there is a script for. */
export const SHELLS = ["bash", "zsh", "fish"] as const;

/** One of them. */
export type Shell = typeof SHELLS[number];

/** A script that completes the names of commands, their options, and files. */
export function completionScript(shell: Shell, commands: readonly Command[]): string {
  const words = commands.map(({ name, options }) => ({
    name,
    options: [...options, ...COMMON_OPTIONS].flatMap(({ flags }) => longFlags(flags)),
  }));
  if (shell === "fish") return fishScript(commands);
  return shell === "bash" ? bashScript(words) : `#compdef tidegate
autoload -U +X bashcompinit && bashcompinit
${bashScript(words)}`;
}

interface Words {
  readonly name: string;
  readonly options: readonly string[];
}

function longFlags(flags: string): string[] {
  return flags.match(/--[a-z-]+/g) ?? [];
}

function firstWords(names: readonly string[]): string[] {
  return [...new Set(names.map((name) => name.replace(/ .*/, "")))];
}

function groups(names: readonly string[]): [group: string, members: string[]][] {
  const members = names.filter((name) => name.includes(" ")).map((name) => name.split(" "));
  return [...Map.groupBy(members, ([group = ""]) => group)].map((
    [group, list],
  ) => [group, list.map(([, member = ""]) => member)]);
}

function bashScript(words: readonly Words[]): string {
  const names = words.map(({ name }) => name);
  const cases = words.map(({ name, options }) =>
    `    "${name}") options="${options.join(" ")} --help" ;;`
  );
  const members = groups(names).map(([group, list]) => `    ${group}) list="${list.join(" ")}" ;;`);
  return `_tidegate() {
  local word="\${COMP_WORDS[COMP_CWORD]}" list="" options=""
  local first="\${COMP_WORDS[1]}" second="\${COMP_WORDS[2]}"
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${firstWords(names).join(" ")} help --help --version" -- "$word"))
    return
  fi
  case "$first" in
${members.join("\n")}
  esac
  if [ "$COMP_CWORD" -eq 2 ] && [ -n "$list" ]; then
    COMPREPLY=($(compgen -W "$list" -- "$word"))
    return
  fi
  [ -n "$list" ] && first="$first $second"
  case "$first" in
${cases.join("\n")}
  esac
  case "$word" in
    -*) COMPREPLY=($(compgen -W "$options" -- "$word")) ;;
    *) COMPREPLY=($(compgen -f -- "$word")) ;;
  esac
}
complete -o default -F _tidegate tidegate`;
}

function fishScript(commands: readonly Command[]): string {
  const names = commands.map(({ name }) => name);
  const quote = (text: string): string =>
    `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  const summaryOf = (name: string): string =>
    commands.find((one) => one.name === name)?.summary ?? `Commands of ${name}`;
  const seen = (name: string): string =>
    name.split(" ").map((word) => `__fish_seen_subcommand_from ${word}`).join("; and ");
  return [
    ...firstWords(names).map((word) =>
      `complete -c tidegate -n __fish_use_subcommand -f -a ${word} -d ${quote(summaryOf(word))}`
    ),
    ...groups(names).flatMap(([group, list]) =>
      list.map((member) =>
        `complete -c tidegate -n ${quote(seen(group))} -f -a ${member} -d ${
          quote(summaryOf(`${group} ${member}`))
        }`
      )
    ),
    ...commands.flatMap(({ name, options }) =>
      [...options, ...COMMON_OPTIONS].flatMap(({ flags, summary }) =>
        longFlags(flags).map((flag) =>
          `complete -c tidegate -n ${quote(seen(name))} -l ${flag.slice(2)}` +
          `${flags.includes("<") ? " -r" : ""} -d ${quote(summary)}`
        )
      )
    ),
  ].join("\n");
}
