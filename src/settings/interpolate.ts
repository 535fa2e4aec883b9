import { configurationError } from "./configuration_error.ts";

/** The environment: names to values. Nothing is written to it. */
export type Environment = Readonly<Record<string, string | undefined>>;

const REFERENCE = /\$(?:\$|\{([^}]*)\})/g;
const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;

/** The value of a variable; undefined when it is not set, or empty. */
export function variableOf(env: Environment, name: string): string | undefined {
  const value = Object.hasOwn(env, name) ? env[name] : undefined;
  return typeof value === "string" && value !== "" ? value : undefined;
}

/**
 * Put the values of variables in the place of `${NAME}`; `$$` is one `$`. What a variable holds is
 * taken as it is.
 *
 * @returns Undefined when the text is one reference alone and the variable is not set: the key counts
 * as absent then.
 * @throws {TidegateError} CONFIGURATION for a name that is none, or for a variable that is not set
 * inside of a longer text.
 */
export function interpolate(text: string, key: string, env: Environment): string | undefined {
  const [, alone] = /^\$\{([^}]*)\}$/.exec(text) ?? [];
  if (alone !== undefined) return read(alone, key, env);
  return text.replace(REFERENCE, (whole, name: string | undefined) => {
    if (name === undefined) return whole.slice(1);
    const value = read(name, key, env);
    if (value !== undefined) return value;
    throw configurationError(key, text, `names the variable ${name}, which is not set`);
  });
}

function read(name: string, key: string, env: Environment): string | undefined {
  if (NAME.test(name)) return variableOf(env, name);
  throw configurationError(key, name, "must name variables as ${NAME}, of A-Z, 0-9 and _");
}
