import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const CONFIG = ["--config", "test/stubs/deno.json", "--quiet"];

async function deno(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)("deno", args, { cwd: ROOT });
  return stdout.trim();
}

it("stdHasher() and timingSafeEqual() typecheck and work under Deno with @std/crypto linked", async () => {
  await deno("check", ...CONFIG, "test/stubs/std_crypto_suite.ts");
  expect(await deno("run", ...CONFIG, "test/stubs/std_crypto_suite.ts")).toBe("ok");
});
