import { excerpt, TidegateError } from "../core/mod.ts";

/** What an image runs on. Empty strings never appear in a normal form, save for an unknown os. */
export interface Platform {
  /** Go's name: `linux`, `windows`, `darwin`. */
  readonly os: string;
  /** Go's name: `amd64`, `arm64`, `arm`, `386`. */
  readonly architecture: string;
  /** `v7` of `arm`, `v9` of `arm64`, `v3` of `amd64`. */
  readonly variant?: string;
  /** Windows: `10.0.17763.1234`. */
  readonly osVersion?: string;
  /** Features that the image needs of the system. */
  readonly osFeatures?: readonly string[];
}

/** What is taken where nobody says: `linux/amd64`. */
export const DEFAULT_PLATFORM: Platform = { os: "linux", architecture: "amd64" };

const LONGEST_PLATFORM = 255;

/** Other names of `architecture[/variant]`. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ["x86_64", "amd64"],
  ["x86-64", "amd64"],
  ["i386", "386"],
  ["aarch64", "arm64"],
  ["armhf", "arm/v7"],
  ["armel", "arm/v6"],
]);

/** Where the variant is what the architecture means when it names none. */
const BASE_VARIANT = /^(386\/.*|amd64\/v1|arm64\/v8)$/s;

const OPERATING_SYSTEM =
  /^(aix|android|darwin|dragonfly|freebsd|hurd|illumos|ios|js|linux|netbsd|openbsd|plan9|solaris|wasip1|windows|zos)$/;

const ARCHITECTURE =
  /^(386|amd64|arm|arm64|loong64|mips|mips64|mips64le|mipsle|ppc64|ppc64le|riscv64|s390x|sparc64|wasm)$/;

/**
 * Read `os[(version+feature…)][/architecture[/variant]]`, or an architecture alone, in containerd's
 * spelling; what is left out comes from {@linkcode DEFAULT_PLATFORM}.
 *
 * @example
 * ```ts
 * import { parsePlatform } from "tidegate";
 * parsePlatform("linux/arm64");   // { os: "linux", architecture: "arm64" }
 * parsePlatform("armhf");         // { os: "linux", architecture: "arm", variant: "v7" }
 * parsePlatform("windows(10.0.17763)/amd64");
 * ```
 *
 * @returns The normal form, see {@linkcode normalizePlatform}.
 * @throws {TidegateError} INVALID_PLATFORM when it has another form, or when a single word is
 * neither a known system nor a known architecture.
 */
export function parsePlatform(text: string): Platform {
  const parts = text.length <= LONGEST_PLATFORM ? text.split("/") : [];
  const [first = "", second, third] = parts;
  const system = /^([A-Za-z0-9_-]+)(?:\(([A-Za-z0-9_.%+-]*)\))?$/.exec(first);
  if (system === null || parts.length > 3 || !parts.slice(1).every(isPlainWord)) {
    throw invalidPlatform(text, "must have the form os[/architecture[/variant]]");
  }
  const [, word = "", options = ""] = system;
  if (second === undefined) return parseSingle(text, word, options);
  return normalizePlatform({
    os: word,
    architecture: second,
    ...(third === undefined ? {} : { variant: third }),
    ...parseOptions(text, options),
  });
}

/**
 * Write a platform as {@linkcode parsePlatform} reads it: `linux/arm/v7`,
 * `windows(10.0.17763.1)/amd64`.
 */
export function formatPlatform(platform: Platform): string {
  const { os, architecture, variant, osVersion = "", osFeatures = [] } = platform;
  const options = [osVersion, ...osFeatures].map(encodeOption).join("+");
  const system = options === "" ? os : `${os}(${options})`;
  return [system, architecture, ...(variant === undefined ? [] : [variant])].join("/");
}

/**
 * One spelling for each platform, containerd's: lower case, Go's names (`aarch64` is `arm64`), no
 * variant where it is the base one (`arm64/v8`, `amd64/v1`), `v7` for plain `arm`.
 */
export function normalizePlatform(platform: Platform): Platform {
  const os = platform.os.toLowerCase();
  const { architecture, variant } = normalizeArchitecture(platform);
  const features = [...new Set(platform.osFeatures)].filter((name) => name !== "").sort();
  return {
    os: os === "macos" ? "darwin" : os,
    architecture,
    ...(variant === undefined ? {} : { variant }),
    ...(platform.osVersion ? { osVersion: platform.osVersion } : {}),
    ...(features.length === 0 ? {} : { osFeatures: features }),
  };
}

function normalizeArchitecture(
  platform: Platform,
): { architecture: string; variant: string | undefined } {
  const name = platform.architecture.toLowerCase();
  const [architecture = name, alias] = ALIASES.get(name)?.split("/") ?? [];
  const variant = alias ?? normalizeVariant(platform.variant ?? "");
  if (BASE_VARIANT.test(`${architecture}/${variant}`)) return { architecture, variant: undefined };
  return { architecture, variant: variant || (architecture === "arm" ? "v7" : undefined) };
}

/** `8`, `V8` and `v8.0` are all `v8`. */
function normalizeVariant(text: string): string {
  const variant = text.toLowerCase().replace(/^(?=[0-9])/, "v");
  return /^v[0-9]+\.0$/.test(variant) ? variant.slice(0, -2) : variant;
}

function parseSingle(text: string, word: string, options: string): Platform {
  const system = normalizePlatform({ os: word, architecture: DEFAULT_PLATFORM.architecture });
  if (OPERATING_SYSTEM.test(system.os)) {
    return normalizePlatform({ ...system, ...parseOptions(text, options) });
  }
  const machine = normalizePlatform({ os: DEFAULT_PLATFORM.os, architecture: word });
  if (ARCHITECTURE.test(machine.architecture) && options === "") return machine;
  throw invalidPlatform(text, "names no known operating system or architecture");
}

function parseOptions(text: string, options: string): Pick<Platform, "osVersion" | "osFeatures"> {
  const [osVersion = "", ...osFeatures] = options.split("+").map((option) => {
    try {
      return decodeURIComponent(option);
    } catch {
      throw invalidPlatform(text, "has a '%' that is no escape");
    }
  });
  return { ...(osVersion === "" ? {} : { osVersion }), osFeatures };
}

function encodeOption(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replace(
    /[!'()*~]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function isPlainWord(text: string): boolean {
  return /^[A-Za-z0-9_.-]+$/.test(text);
}

function invalidPlatform(text: string, reason: string): TidegateError {
  const input = excerpt(text);
  return new TidegateError("INVALID_PLATFORM", `Platform "${input}" ${reason}`, { input, reason });
}
