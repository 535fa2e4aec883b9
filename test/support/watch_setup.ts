import { afterAll, expect } from "vitest";
import { createSecretWatch } from "./secret_watch.ts";

/*
 * Runs before each test file of the projects `node`, `runtime` and `workerd`: everything that clients
 * and doors tell at debug level, every error and what is written to the console is searched at the end
 * for every secret that the product was given, in plain, JSON, hex, base64, base64url and
 * percent-encoding.
 */

const watch = createSecretWatch();
Object.assign(globalThis, { __tidegateWatch: Object.assign(watch, { observer: (): void => {} }) });

for (const method of ["debug", "info", "log", "warn", "error"] as const) {
  const write = console[method];
  console[method] = (...parts: unknown[]): void => {
    watch.text(parts.map((part) => part instanceof Error ? part.stack : String(part)).join(" "));
    write.apply(console, parts);
  };
}

afterAll(() => {
  expect(watch.findings(), "secrets that were told").toEqual([]);
});
