import { parseYaml } from "./yaml_text.ts";

/**
 * A front door's configuration file as `parseFrontDoorConfig` takes it: JSON as it is, YAML parsed.
 * Nothing is checked yet but the grammar.
 *
 * @throws {TidegateError} CONFIGURATION for what is neither.
 */
export function readFrontDoorText(text: string): unknown {
  const isJson = text.trimStart().startsWith("{");
  return isJson ? text : parseYaml(text);
}
