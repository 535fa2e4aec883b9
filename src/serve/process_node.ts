import process from "node:process";

/** The environment of this process. */
export function processVariables(): Readonly<Record<string, string | undefined>> {
  return process.env;
}
