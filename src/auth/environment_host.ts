interface ProcessLike {
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Look a variable up in the environment of this process; undefined where there is no process. */
export function processEnvironment(name: string): string | undefined {
  return (globalThis as { process?: ProcessLike }).process?.env[name];
}
