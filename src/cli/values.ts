import { UsageError } from "./usage_error.ts";

/** The options that a command line gave, by their names as they are written: `password-stdin`. */
export interface OptionValues {
  /** Whether it was given. */
  flag(name: string): boolean;
  /** Its value; of several, the last. */
  text(name: string): string | undefined;
  /** All its values. */
  list(name: string): readonly string[];
  /**
   * Its value as a whole number.
   * @throws {UsageError} If it is none, or out of range.
   */
  number(name: string, least?: number, most?: number): number | undefined;
}

/** Read options as the parser gives them, by the names that it makes: `passwordStdin`. */
export function optionValues(given: Readonly<Record<string, unknown>>): OptionValues {
  const values = (name: string): readonly unknown[] => {
    const value = given[camelCase(name)];
    return value === undefined ? [] : [value].flat();
  };
  const list = (name: string): readonly string[] =>
    values(name).filter((value) => typeof value === "string");
  return {
    flag: (name) => values(name).includes(true),
    text: (name) => list(name).at(-1),
    list,
    number(name, least = 0, most = Number.MAX_SAFE_INTEGER): number | undefined {
      const text = list(name).at(-1);
      if (text === undefined) return undefined;
      const number = /^\d{1,16}$/.test(text) ? Number(text) : NaN;
      if (number >= least && number <= most) return number;
      const range = most === Number.MAX_SAFE_INTEGER ? `from ${least}` : `from ${least} to ${most}`;
      throw new UsageError(`--${name} must be a whole number ${range}`);
    },
  };
}

function camelCase(name: string): string {
  return name.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
