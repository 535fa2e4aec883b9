import { type AnyTidegateError, type ErrorCode, isTidegateError } from "../core/mod.ts";
import { isSystemError } from "./exit_code.ts";

type Hints = {
  readonly [Code in ErrorCode]?: (
    error: Extract<AnyTidegateError, { code: Code }>,
  ) => string | undefined;
};

const FORM = "An image is [registry/]name[:tag][@digest], for example ghcr.io/acme/app:v1";
const REPORT = "Try again with --debug and report what it shows to whoever runs the registry";

const SYSTEM_HINTS: Readonly<Record<string, string>> = {
  ENOSPC: "The disk is full. Free some space and run the same command again to continue",
  EDQUOT: "The disk quota is used up. Free some space and run the same command again to continue",
  EFBIG:
    "A file may not become so large here. Raise the limit ('ulimit -f'), or choose another place with --cache DIR",
  EROFS: "The file system is read-only. Choose another place with --cache DIR",
  EACCES: "The file or folder may not be used. Choose another place with --cache DIR",
  EPERM: "The file or folder may not be used. Choose another place with --cache DIR",
};

/** What to do next, for each code of which something better is known than the message says. */
const HINTS: Hints = {
  INVALID_IMAGE_REFERENCE: () => FORM,
  INVALID_NAME: () => `${FORM}. Names are lower case`,
  INVALID_TAG: () =>
    "A tag has letters, digits, '_', '.', '-', at most 128, and begins with no '.'",
  INVALID_DIGEST: () => "A digest is sha256: and 64 hex digits. 'tidegate digest IMAGE' prints one",
  INVALID_PLATFORM: () => "A platform is os[/architecture[/variant]], for example linux/arm64",
  PLATFORM_NOT_FOUND: ({ details: { available } }) =>
    available.length === 0 ? undefined : `Choose one with --platform ${available[0]}`,
  NOT_FOUND: ({ details: { origin, status } }) =>
    status === 401
      ? loginHint(origin)
      : "Check the spelling: 'tidegate tags REPOSITORY' lists what there is. " +
        `It may be private: ${loginHint(origin)}`,
  UNAUTHORIZED: ({ details: { origin } }) => loginHint(origin),
  FORBIDDEN: ({ details: { origin } }) =>
    `The account lacks the right, or nobody is logged in: ${loginHint(origin)}`,
  CACHE_NOT_FOUND: ({ details: { what } }) =>
    what === "directory"
      ? "Pull an image first, or name the folder with --cache DIR"
      : "'tidegate cache ls' lists what is in the cache; 'tidegate pull IMAGE' brings an image there",
  CACHE_INVALID: () => "Name an image layout, or an empty folder, with --cache DIR",
  CACHE_CORRUPT: () =>
    "'tidegate cache verify --quarantine' sets wrong blobs aside; then pull the image again",
  CACHE_IO: ({ details: { reason } }) => SYSTEM_HINTS[reason],
  ARCHIVE_INVALID: () => "The file must be a tar of an OCI image layout, or one of 'docker save'",
  CREDENTIALS: () => "Check docker's config.json and its helpers, or log in again",
  TWO_FACTOR_REQUIRED: () => "Log in with a personal access token instead of the password",
  TOKEN_EXPIRED: ({ details: { origin } }) => loginHint(origin),
  ORIGIN_NOT_TRUSTED: ({ details: { origin, target, use } }) =>
    use === "redirect" || use === "link"
      ? "The registry leads to a place that may not be used. Nothing was sent there"
      : `If it belongs to the registry, allow it: --trust ${hostOf(origin)}=${target}`,
  RATE_LIMITED: ({ details: { resetAt } }) => waitHint(resetAt),
  PULL_LIMIT_EXCEEDED: ({ details: { resetAt, suggestion } }) =>
    `${suggestion}. ${waitHint(resetAt)}`,
  DIGEST_MISMATCH: () => "What arrived was dropped. If it happens again, the content is damaged",
  BLOB_SIZE_MISMATCH: () => "What arrived was dropped. If it happens again, the content is damaged",
  NETWORK_ERROR: ({ details: { origin } }) => reachHint(origin),
  NETWORK_TIMEOUT: ({ details: { origin } }) => reachHint(origin),
  CIRCUIT_OPEN: () =>
    "The registry fails again and again. Run the same command in a minute to continue",
  SERVER_ERROR: () => "The registry has a problem. Run the same command again later to continue",
  RESUME_FAILED: () => "Run the same command again: it continues where it stopped",
  UPLOAD_FAILED: () => "Run the same command again: it continues where it stopped",
  BLOB_UPLOAD_INVALID: () => "Run the same command again: it continues where it stopped",
  MANIFEST_BLOB_UNKNOWN: () => "Push the image's blobs first: 'tidegate copy' does so by itself",
  CONFLICT: () => "Somebody else changes the same thing. Run the command again",
  FOREIGN_LAYER: () => "The layer lives outside of the registry and is not fetched",
  UNEXPECTED_RESPONSE: () => REPORT,
  INVALID_RESPONSE: () => REPORT,
  CONFIGURATION: ({ details: { key } }) =>
    key === "origin"
      ? "Plain http is for this machine alone; allow it for another with --insecure HOST"
      : undefined,
};

/** What the user can do next; `undefined` where the message says it all. Holds no secret. */
export function errorHint(error: unknown): string | undefined {
  const system = systemErrorOf(error);
  if (system !== undefined && SYSTEM_HINTS[system.code] !== undefined) {
    return SYSTEM_HINTS[system.code];
  }
  if (!isTidegateError(error)) return undefined;
  const hint = HINTS[error.code] as ((error: AnyTidegateError) => string | undefined) | undefined;
  return hint?.(error);
}

/** The system's error about a file that an error is, or was caused by. */
export function systemErrorOf(error: unknown): (Error & { readonly code: string }) | undefined {
  for (let at = error, i = 0; at instanceof Error && i < 8; at = at.cause, i++) {
    if (isSystemError(at)) return at;
  }
  return undefined;
}

function loginHint(origin: string): string {
  const host = hostOf(origin);
  return host === "registry-1.docker.io"
    ? "log in with 'tidegate login'"
    : `log in with 'tidegate login ${host}'`;
}

function reachHint(origin: string): string {
  const isPlain = origin.startsWith("http:");
  const again = "Check the network and run the same command again to continue";
  return isPlain ? again : `${again}. A registry without https needs --insecure ${hostOf(origin)}`;
}

function waitHint(resetAt: number | undefined): string {
  const when = resetAt === undefined ? "later" : `after ${new Date(resetAt).toISOString()}`;
  return `Run it again ${when}, or log in for a higher limit; 'tidegate limits' tells what is left`;
}

function hostOf(origin: string): string {
  return URL.canParse(origin) ? new URL(origin).host : origin;
}
