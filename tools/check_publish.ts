import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Problem, report } from "./source_files.ts";

const CONFIG = "deno.offline.json";
/** What stands in for `@std/crypto`, which only JSR has, so that the check needs no network. */
const STUB = "test/stubs/std_crypto";
const COMMAND = ["publish", "--dry-run", "--allow-dirty", "--quiet", "--no-check"];

/** Whether `deno publish` would take the package. */
export function checkPublish(): Problem[] {
  const copy = mkdtempSync(join(tmpdir(), "tidegate-publish-"));
  cpSync(STUB, copy, { recursive: true }); // inside the package it would count as a part of it
  const config = JSON.parse(readFileSync("deno.json", "utf8")) as Record<string, unknown>;
  writeFileSync(CONFIG, JSON.stringify({ ...config, links: [copy] }));
  try {
    const run = spawnSync("deno", [...COMMAND, "--config", CONFIG], { encoding: "utf8" });
    return run.status === 0 ? [] : [`deno publish: ${run.stderr.trim()}`];
  } finally {
    rmSync(CONFIG);
    rmSync(copy, { recursive: true });
  }
}

if (import.meta.main) report("publish", checkPublish());
