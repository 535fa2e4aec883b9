import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { EXIT } from "../../../src/cli/exit_code.ts";

/** Run `tidegate` with these words and redirections, by a shell. */
function shell(line: string): { status: number | null; stdout: string; stderr: string } {
  const script = `tidegate() { node src/cli/main_node.ts "$@"; }\n${line}`;
  return spawnSync("bash", ["-c", script], { encoding: "utf8", timeout: 30_000 });
}

describe("main_node.ts", () => {
  it("ends well when who reads a list stops reading, and only then", () => {
    const closed = "{ sleep 0.2; tidegate $WORDS; echo $? >&2; } | true";
    const listed = shell(`WORDS="completion bash"; ${closed}`);
    expect(listed.stderr).toBe(`${EXIT.ok}\n`);
    const helped = shell(`WORDS="pull --help"; ${closed}`);
    expect(helped.stderr).toBe(`${EXIT.ok}\n`);
    const checked = shell(`WORDS="config check --json deno.json"; ${closed}`);
    expect(checked.stderr).toBe(`Error: Nobody reads standard output any more\n${EXIT.failed}\n`);
  });

  it.skipIf(!existsSync("/dev/full"))("a result that finds no room is an error", () => {
    const { status, stderr } = shell("tidegate completion bash > /dev/full");
    expect(stderr).toMatch(/^Error: .*ENOSPC/);
    expect(status).toBe(EXIT.storage);
    expect(shell("tidegate --json completion bash > /dev/full").status).toBe(EXIT.storage);
  });

  it.skipIf(!existsSync("/dev/full"))("goes on when nothing can be said beside the result", () => {
    expect(shell("tidegate nonsense 2> /dev/full").status).toBe(EXIT.usage);
    expect(shell("tidegate 2>&-").status).toBe(EXIT.usage);
  });
});
