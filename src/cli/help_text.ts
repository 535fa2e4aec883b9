import type { Command, OptionSpec } from "./command.ts";
import { EXIT_MEANINGS } from "./exit_code.ts";
import { COMMON_OPTIONS } from "./options.ts";

/** A command as the general help lists it. */
export interface Listed {
  readonly name: string;
  readonly summary: string;
}

/** Width of a line of help. */
const WIDTH = 80;

const HELP: OptionSpec = { flags: "-h, --help", summary: "show this" };

/** What `tidegate NAME --help` prints: usage, options, examples. */
export function helpText({ name, summary, usage, details, options, examples }: Command): string {
  const rows = [...options, ...COMMON_OPTIONS, HELP].map(({ flags, summary }) =>
    [flags, summary] as const
  );
  return [
    `Usage: tidegate ${name}${usage === "" ? "" : ` ${usage}`} [options]`,
    `${summary}.`,
    ...(details === undefined ? [] : [wrap(details, "")]),
    `Options:\n${columns(rows)}`,
    `Examples:\n${examples.map(({ does, line }) => `  # ${does}\n  ${line}`).join("\n")}`,
  ].join("\n\n");
}

/** What `tidegate --help` prints. */
export function generalHelp(commands: readonly Listed[]): string {
  return [
    "Usage: tidegate <command> [options]",
    "Move container images between registries, archives and a cache. Every byte is verified.",
    `Commands:\n${columns(commands.map(({ name, summary }) => [name, summary]))}`,
    `Images:\n${columns(IMAGE_FORMS)}`,
    `Exit codes:\n${columns(EXIT_MEANINGS.map(([code, meaning]) => [String(code), meaning]))}`,
    "'tidegate <command> --help' shows its options and examples.",
  ].join("\n\n");
}

/** What `tidegate cache --help` prints. */
export function groupHelp(group: string, commands: readonly Listed[]): string {
  const list = columns(commands.map(({ name, summary }) => [name, summary]));
  return [
    `Usage: tidegate ${group} <command> [options]`,
    `Commands:\n${list}`,
    `'tidegate ${group} <command> --help' shows its options and examples.`,
  ].join("\n\n");
}

/** How an image is named on the command line. */
export const IMAGE_FORMS: readonly (readonly [form: string, meaning: string])[] = [
  ["[docker://]REFERENCE", "in a registry: nginx, ghcr.io/acme/app:v1, app@sha256:…"],
  ["cache:REFERENCE", "in the cache, as it was pulled"],
  ["oci:FOLDER[:NAME]", "in an OCI image layout"],
  ["oci-archive:FILE[:NAME]", "in a tar file of an OCI image layout"],
  ["docker-archive:FILE[:NAME]", "in a tar file as docker save writes it"],
];

function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.min(Math.max(...rows.map(([left]) => left.length)), 26);
  return rows.map(([left, right]) => {
    const lines = wrap(right, " ".repeat(width + 4), WIDTH - width - 4);
    const gap = left.length > width
      ? `\n${" ".repeat(width + 4)}`
      : " ".repeat(width - left.length + 2);
    return `  ${left}${gap}${lines}`;
  }).join("\n");
}

function wrap(text: string, indent: string, width = WIDTH): string {
  return text.split("\n").map((paragraph) => {
    const lines: string[] = [];
    for (const word of paragraph.split(" ")) {
      const last = lines.at(-1);
      if (last !== undefined && last.length + 1 + word.length <= width) {
        lines[lines.length - 1] = `${last} ${word}`;
      } else lines.push(word);
    }
    return lines.join(`\n${indent}`);
  }).join(`\n${indent}`);
}
