import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { completionScript, SHELLS } from "../../../src/cli/completion_script.ts";
import { COMMANDS, findCommand } from "../../../src/cli/commands.ts";
import { formatCopyWords, parseCopyWords } from "../../../src/cli/copy_words.ts";
import { isTidegateError } from "../../../src/core/mod.ts";
import { describeError } from "../../../src/cli/report_error.ts";
import { EXIT, exitCodeOf } from "../../../src/cli/exit_code.ts";
import { formatBytes, formatDuration, formatTime } from "../../../src/cli/format.ts";
import { formatImageArgument, parseImageArgument } from "../../../src/cli/image_argument.ts";
import { plainJson, plainText } from "../../../src/cli/plain_text.ts";
import { formatTable } from "../../../src/cli/table.ts";
import { UsageError } from "../../../src/cli/usage_error.ts";
import { optionValues } from "../../../src/cli/values.ts";
import { VERSION } from "../../../src/cli/version.ts";
import { TidegateError } from "../../../src/core/mod.ts";
import manifest from "../../../package.json" with { type: "json" };

describe("parseImageArgument()", () => {
  it.each([
    ["nginx", {
      kind: "registry",
      reference: { registry: "docker.io", repository: "library/nginx" },
    }],
    ["docker://oci:v1", { kind: "registry", reference: { repository: "library/oci", tag: "v1" } }],
    ["cache:ghcr.io/a/b:v1", { kind: "cache", reference: { registry: "ghcr.io", tag: "v1" } }],
    ["oci:./a/b", { kind: "oci", path: "./a/b", name: undefined }],
    ["oci:/a:app:v1", { kind: "oci", path: "/a", name: "app:v1" }],
    ["oci:C:\\a:v1", { kind: "oci", path: "C:\\a", name: "v1" }],
    ["oci-archive:a.tar:", { kind: "oci-archive", path: "a.tar", name: undefined }],
    ["docker-archive:a.tar:nginx:1", { kind: "docker-archive", path: "a.tar", name: "nginx:1" }],
  ])("%s", (text, image) => expect(parseImageArgument(text)).toMatchObject(image));

  it("undoes formatImageArgument(), and throws nothing untyped", () => {
    fc.assert(fc.property(fc.string(), (text) => {
      try {
        const image = parseImageArgument(text);
        expect(parseImageArgument(formatImageArgument(image))).toEqual(image);
      } catch (error) {
        if (!isTidegateError(error) && !(error instanceof UsageError)) throw error;
      }
    }));
  });
});

describe("formatCopyWords()", () => {
  it("is undone by parseCopyWords()", () => {
    const word = fc.stringMatching(/^[a-z0-9/._+-]{1,12}$/);
    const options = fc.record({
      platforms: fc.array(word, { minLength: 1 }),
      referrers: fc.oneof(fc.boolean(), fc.array(word, { minLength: 1 })),
      digestTags: fc.boolean(),
      tags: fc.array(word),
      sparse: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.constantFrom("oci:/a b/c:d", "ghcr.io/a/b:v1"), options, (name, copy) => {
        expect(parseCopyWords(formatCopyWords(name, copy))).toEqual({ name, options: copy });
      }),
    );
    expect(parseCopyWords("oci:/a b:c")).toMatchObject({ name: "oci:/a b:c" });
  });
});

describe("findCommand()", () => {
  it("finds commands, groups, and what was nearly written", () => {
    expect(findCommand(["tags", "x"])).toMatchObject({ kind: "command", rest: ["x"] });
    expect(findCommand(["config", "check", "x"])).toMatchObject({ kind: "command", rest: ["x"] });
    expect(findCommand(["config"])).toMatchObject({ kind: "group", group: "config" });
    expect(findCommand(["inspct"])).toEqual({ kind: "none", nearest: "inspect" });
    expect(findCommand(["frobnicate"])).toEqual({ kind: "none", nearest: undefined });
  });

  it("the table says what the commands say", async () => {
    for (const entry of COMMANDS) {
      const { examples, name, summary } = await entry.load();
      expect(name).toBe(entry.name);
      expect(summary).toMatch(/^[A-Z].*[^.]$/);
      expect(examples.length).toBeGreaterThan(0);
      for (const { line } of examples) expect(line).toContain(`tidegate ${name}`);
    }
  });
});

describe("exitCodeOf()", () => {
  const storage = Object.assign(new Error("no space"), { code: "ENOSPC" });
  const denied = new TidegateError("CREDENTIALS", "x", { source: "x", reason: "x" });
  it.each([
    [new UsageError("x"), EXIT.usage],
    [new TidegateError("DIGEST_MISMATCH", "x", { expected: "a", computed: "b" }), 5],
    [new TidegateError("UPLOAD_FAILED", "x", { reason: "x" }), 1],
    [new TidegateError("UPLOAD_FAILED", "x", { reason: "x" }, { cause: storage }), 8],
    [new TidegateError("UPLOAD_FAILED", "x", { reason: "x" }, { cause: denied }), EXIT.denied],
    [storage, EXIT.storage],
    [new Error("x"), EXIT.failed],
    ["x", EXIT.failed],
  ])("%s", (error, code) => expect(exitCodeOf(error)).toBe(code));

  it("an interrupted command is 130 whatever it failed with", () => {
    expect(exitCodeOf(storage, AbortSignal.abort())).toBe(130);
    expect(describeError(storage, "pull", AbortSignal.abort())).toMatchObject({
      code: "INTERRUPTED",
    });
  });

  it("a full disk says what to do", () => {
    expect(describeError(storage, "pull", undefined)).toMatchObject({
      code: "ENOSPC",
      exitCode: 8,
      hint: expect.stringContaining("Free some space"),
    });
  });

  it("a secret in an error's message is not shown", () => {
    const error = new Error("GET https://ann:canary-9@registry.test/v2/?sig=canary-9 failed");
    expect(describeError(error, "pull", undefined).message).not.toContain("canary-9");
  });
});

describe("texts", () => {
  it.each([
    [0, "0 B"],
    [999, "999 B"],
    [1024, "1.0 KiB"],
    [1_048_575, "1.0 MiB"],
    [123 * 1024 * 1024, "123 MiB"],
    [10 * 2 ** 30, "10.0 GiB"],
  ])("formatBytes(%d)", (bytes, text) => expect(formatBytes(bytes)).toBe(text));

  it.each([
    [12, "12 ms"],
    [4200, "4.2 s"],
    [185_000, "3m05s"],
    [7_620_000, "2h07m"],
  ])("formatDuration(%d)", (ms, text) => expect(formatDuration(ms)).toBe(text));

  it("formatTime(), formatTable(), plainText()", () => {
    expect(formatTime(0)).toBe("1970-01-01 00:00:00");
    expect(formatTable([["a", "b"], ["long", "c"], ["x"]])).toBe("a     b\nlong  c\nx");
    expect(formatTable([])).toBe("");
    expect(plainText("a\u001b[2J\tb\n\u202e")).toBe("a\\u{1b}[2J\tb\n\\u{202e}");
  });

  it("plainJson() reads as the same value, and moves no cursor", () => {
    const value = { "k\u009b": ["\u007f\u202e\u2066\u001b[2J", "é\n"] };
    expect(plainJson(value)).toBe(
      String.raw`{"k\u009b":["\u007f\u202e\u2066\u001b[2J","é\n"]}`,
    );
    expect(JSON.parse(plainJson(value, 2))).toEqual(value);
    fc.assert(fc.property(fc.jsonValue(), (some) => {
      expect(JSON.parse(plainJson(some))).toEqual(JSON.parse(JSON.stringify(some)));
    }));
  });

  it("the version is the package's", () => expect(VERSION).toBe(manifest.version));
});

describe("optionValues()", () => {
  it("reads what the parser gives", () => {
    const values = optionValues({ passwordStdin: true, tag: ["a", "b"], jobs: ["7"] });
    expect(values.flag("password-stdin")).toBe(true);
    expect(values.flag("none")).toBe(false);
    expect(values.list("tag")).toEqual(["a", "b"]);
    expect(values.text("tag")).toBe("b");
    expect(values.number("jobs", 1, 9)).toBe(7);
    expect(() => values.number("jobs", 8, 9)).toThrow("from 8 to 9");
    expect(values.number("none")).toBeUndefined();
  });
});

describe("completionScript()", () => {
  it.each(SHELLS)("%s knows every command and option", async (shell) => {
    const commands = await Promise.all(COMMANDS.map(({ load }) => load()));
    const script = completionScript(shell, commands);
    for (const { name, options } of commands) {
      for (const word of name.split(" ")) expect(script).toContain(word);
      for (const { flags } of options) {
        const [, long = ""] = /--([a-z-]+)/.exec(flags) ?? [];
        expect(script).toContain(long);
      }
    }
  });
});
