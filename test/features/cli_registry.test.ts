import { readFile, stat, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { COMMANDS } from "../../src/cli/commands.ts";
import { CLI_CANARY, type CliResult, type CliWorld, openCliWorld } from "../support/cli_world.ts";

let world: CliWorld;
beforeAll(async () => void (world = await openCliWorld()));
afterAll(() => world.close());

/** A command line, and what must come of it. */
interface Case {
  readonly words: (world: CliWorld) => readonly string[];
  readonly code: number;
  /** Must be in the result, or in what is said beside it. */
  readonly says: RegExp | ((world: CliWorld) => string);
}

const app = ({ at }: CliWorld, suffix = ":v1"): string => `${at.registry}/acme/app${suffix}`;
const digestOf = ({ index }: CliWorld): string => index.digest;
const NONE = `sha256:${"0".repeat(64)}`;

const HAPPY: Readonly<Record<string, Case>> = {
  "digest": { words: (w) => ["digest", app(w)], code: 0, says: digestOf },
  "digest, of one platform": {
    words: (w) => ["digest", app(w), "--platform", "arm64"],
    code: 0,
    says: ({ index }) => index.children[1]?.digest ?? "",
  },
  "digest, the whole reference": {
    words: (w) => ["digest", `docker://${app(w)}`, "--full"],
    code: 0,
    says: (w) => `${app(w, "")}@${w.index.digest}`,
  },
  "manifest": {
    words: (w) => ["manifest", app(w)],
    code: 0,
    says: ({ index }) => new TextDecoder().decode(index.bytes),
  },
  "tags": { words: (w) => ["tags", app(w, "")], code: 0, says: /^v1\nv2\n$/ },
  "tags, some": { words: (w) => ["tags", app(w, ""), "--limit", "1"], code: 0, says: /^v1\n$/ },
  "tags, behind one": {
    words: (w) => ["tags", app(w, ""), "--last", "v1", "--json"],
    code: 0,
    says: /"tags":\["v2"\]/,
  },
  "referrers": { words: (w) => ["referrers", app(w)], code: 0, says: /application\/spdx\+json/ },
  "referrers, of a type": {
    words: (w) => ["referrers", app(w), "--artifact-type", "text/none", "--json"],
    code: 0,
    says: /^{"referrers":\[\]}/,
  },
  "inspect, platforms": {
    words: (w) => ["inspect", app(w)],
    code: 0,
    says: /linux\/arm64 +sha256/,
  },
  "inspect, layers": {
    words: (w) => ["inspect", app(w)],
    code: 0,
    says: /2\/2 +sha256:.+68\.\d KiB/,
  },
  "inspect, config": { words: (w) => ["inspect", app(w)], code: 0, says: /Variable +MODE=one/ },
  "diff, layers": {
    words: (w) => ["diff", app(w), app(w, ":v2")],
    code: 1,
    says: /1 shared .+, 1 removed, 1 added/,
  },
  "diff, platforms": {
    words: (w) => ["diff", app(w), app(w, ":v2")],
    code: 1,
    says: /- linux\/arm64/,
  },
  "diff, config": {
    words: (w) => ["diff", app(w), app(w, ":v2")],
    code: 1,
    says: /- variable MODE: one\n {2}\+ variable MODE: two/,
  },
  "diff, equal": { words: (w) => ["diff", app(w), app(w)], code: 0, says: /The images are equal/ },
  "blob, head": {
    words: (w) => ["blob", app(w, ""), w.image.layers[1]?.digest ?? "", "--head"],
    code: 0,
    says: ({ image }) => `${image.layers[1]?.digest}  ${image.layers[1]?.content.size}`,
  },
  "search": { words: () => ["search", "app"], code: 0, says: /app/ },
  "limits": { words: () => ["limits"], code: 0, says: /Pulls left +\d+ of 100/ },
  "limits, where there are none": {
    words: (w) => ["limits", app(w)],
    code: 0,
    says: /tells of no limit/,
  },
  "completion, bash": { words: () => ["completion", "bash"], code: 0, says: /complete -o default/ },
  "completion, zsh": { words: () => ["completion", "zsh"], code: 0, says: /^#compdef tidegate/ },
  "completion, fish": { words: () => ["completion", "fish"], code: 0, says: /-l password-stdin/ },
  "help": { words: () => ["--help"], code: 0, says: /Exit codes:/ },
  "help, of a command": { words: () => ["help", "tags"], code: 0, says: /Usage: tidegate tags/ },
  "help, of a group": { words: () => ["config", "--help"], code: 0, says: /config check/ },
  "version": { words: () => ["--version"], code: 0, says: /^0\.0\.0-test\n$/ },
};

const BAD: Readonly<Record<string, Case>> = {
  "no command": { words: () => [], code: 2, says: /Usage: tidegate <command>/ },
  "unknown command": { words: () => ["tagz"], code: 2, says: /did you mean 'tags'/ },
  "an option before the command": {
    words: () => ["--cache=canary", "pull", "nginx"],
    code: 2,
    says: /'--cache' is no command; options come after one/,
  },
  "an option with its value before the command": {
    words: () => ["-pcanary", "login"],
    code: 2,
    says: /'-p' is no command/,
  },
  "an option of a group": {
    words: () => ["config", "-pcanary"],
    code: 2,
    says: /'-p' is no command/,
  },
  "unknown command of a group": { words: () => ["config", "frob"], code: 2, says: /config frob/ },
  "a group alone": { words: () => ["config"], code: 2, says: /config check/ },
  "unknown option": {
    words: (w) => ["tags", app(w), "--lmit", "2"],
    code: 2,
    says: /--lmit.*--limit/,
  },
  "option without value": {
    words: (w) => ["tags", app(w), "--limit"],
    code: 2,
    says: /argument missing/,
  },
  "too many words": { words: (w) => ["tags", app(w), "x"], code: 2, says: /too many arguments/i },
  "a number that is none": {
    words: (w) => ["tags", app(w), "--limit", "x"],
    code: 2,
    says: /--limit must be a whole number from 1/,
  },
  "digest of a bad reference": {
    words: () => ["digest", "App:v1"],
    code: 2,
    says: /Next: An image is/,
  },
  "digest of an unknown image": {
    words: (w) => ["digest", app(w, ":none")],
    code: 3,
    says: /Next: Check/,
  },
  "digest, of no such platform": {
    words: (w) => ["digest", app(w), "--platform", "s390x"],
    code: 3,
    says: /Next: Choose one with --platform linux\/amd64/,
  },
  "digest of a file": {
    words: () => ["digest", "oci:./x"],
    code: 2,
    says: /needs an image in a registry/,
  },
  "digest, a form without path": {
    words: () => ["inspect", "oci:"],
    code: 2,
    says: /oci: needs a path/,
  },
  "digest without rights": {
    words: ({ at }) => ["digest", `${at.locked}/acme/app:v1`],
    code: 4,
    says: /Next: .*tidegate login 127/i,
  },
  "manifest, unknown": { words: (w) => ["manifest", app(w, ":none")], code: 3, says: /none/ },
  "manifest, put of no file": {
    words: (w) => ["manifest", app(w), "--put", w.path("none.json")],
    code: 2,
    says: /There is no file/,
  },
  "blob without digest": { words: (w) => ["blob", app(w)], code: 2, says: /needs a digest/ },
  "blob, unknown": { words: (w) => ["blob", app(w), NONE], code: 3, says: /Error/ },
  "tags, unknown": {
    words: (w) => ["tags", `${w.at.registry}/acme/none`],
    code: 3,
    says: /acme\/none/,
  },
  "referrers, unknown": { words: (w) => ["referrers", app(w, ":none")], code: 3, says: /none/ },
  "inspect, unknown": { words: (w) => ["inspect", app(w, ":none")], code: 3, says: /none/ },
  "diff, unknown": { words: (w) => ["diff", app(w), app(w, ":none")], code: 3, says: /none/ },
  "tag, bad": { words: (w) => ["tag", app(w), "-x!"], code: 2, says: /Error/ },
  "tag, unknown": { words: (w) => ["tag", app(w, ":none"), "v9"], code: 3, says: /none/ },
  "rm, unknown": { words: (w) => ["rm", app(w, ":none")], code: 3, says: /none/ },
  "search without words": { words: () => ["search"], code: 2, says: /Missing required argument/ },
  "search, refused": { words: () => ["search", "app", "--limit", "0"], code: 2, says: /--limit/ },
  "limits of a file": { words: () => ["limits", "oci:x"], code: 2, says: /registry/ },
  "completion of no shell": {
    words: () => ["completion", "csh"],
    code: 2,
    says: /bash, zsh, fish/,
  },
  "config check of no file": {
    words: () => ["config", "check", "/none"],
    code: 2,
    says: /no file/,
  },
  "login to no registry": { words: () => ["login", "a/b"], code: 2, says: /A registry is a host/ },
  "logout to no registry": {
    words: () => ["logout", "a@b"],
    code: 2,
    says: /A registry is a host/,
  },
  "logout without login": { words: () => ["logout", "r.test"], code: 3, says: /no credentials/ },
  "a registry that is not there": {
    words: () => ["digest", "127.0.0.1:1/app"],
    code: 7,
    says: /Next: Check the network/,
  },
  "plain http elsewhere": {
    words: () => ["digest", "10.255.255.1:5000/app", "--insecure", "x y"],
    code: 2,
    says: /Error/,
  },
  "a bad --trust": {
    words: (w) => ["digest", app(w), "--trust", "x"],
    code: 2,
    says: /HOST=ORIGIN/,
  },
  "half a login": {
    words: (w) => ["digest", app(w), "-u", "ann"],
    code: 2,
    says: /--password-stdin/,
  },
  "the other half": {
    words: (w) => ["digest", app(w), "-p", "x"],
    code: 2,
    says: /needs --username/,
  },
  "no configuration": {
    words: (w) => ["digest", app(w), "--config", "/none.yaml"],
    code: 2,
    says: /no configuration file/,
  },
};

function check({ code, err, out }: CliResult, wanted: Case): void {
  const text = wanted.code === 0 || code === 1 ? out : err + out;
  if (typeof wanted.says === "function") expect(text).toContain(wanted.says(world));
  else expect(text).toMatch(wanted.says);
  expect(code).toBe(wanted.code);
}

describe("tidegate, help", () => {
  it.each(COMMANDS.map(({ name }) => [name]))("%s", async (name) => {
    const { code, err, out } = await world.run([...name.split(" "), "--help"]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toContain(`Usage: tidegate ${name}`);
    expect(out).toContain("Examples:\n  # ");
    expect(Math.max(...out.split("\n").slice(2, 6).map((line) => line.length))).toBeLessThan(81);
  });

  it("every command has a test of what goes well, and one of what goes wrong", () => {
    const elsewhere = [
      ...["pull", "push", "copy", "sync", "uploads ls", "uploads resume", "uploads cancel"],
      ...["cache ls", "cache rm", "cache gc", "cache verify"], // cli_transfer.test.ts
      ...["tag", "rm", "login", "logout", "config check"], // below
      "serve", // serve.test.ts
    ];
    for (const { name } of COMMANDS) {
      const isIn = (cases: Readonly<Record<string, Case>>): boolean =>
        Object.keys(cases).some((title) => title === name || title.startsWith(`${name}`));
      expect([name, elsewhere.includes(name) || isIn(HAPPY)]).toEqual([name, true]);
      expect([name, elsewhere.includes(name) || isIn(BAD)]).toEqual([name, true]);
    }
  });
});

describe("tidegate, what goes well", () => {
  it.each(Object.entries(HAPPY))("%s", async (_, wanted) => {
    check(await world.run(wanted.words(world)), wanted);
  });
});

describe("tidegate, what goes wrong", () => {
  it.each(Object.entries(BAD))("%s", async (_, wanted) => {
    check(await world.run(wanted.words(world)), wanted);
  });

  it.each(Object.entries(BAD).filter(([name]) => /unknown|rights|platform/.test(name)))(
    "%s, as JSON",
    async (_, wanted) => {
      const { code, out } = await world.run([...wanted.words(world), "--json"]);
      expect(code).toBe(wanted.code);
      if (out === "") return;
      expect(JSON.parse(out)).toMatchObject({ type: "error", exitCode: code });
    },
  );
});

describe("tidegate blob", () => {
  it("writes a file that appears when it is verified", async () => {
    const [, layer] = world.image.layers;
    const path = world.path("layer.tar");
    const words = ["blob", `${app(world, "")}@${layer?.digest}`, "--output", path];
    expect(await world.run(words)).toMatchObject({ code: 0, out: "" });
    const content = layer?.content.read(0, layer.content.size);
    expect(new Uint8Array(await readFile(path))).toEqual(content);
  });

  it("a wrong blob is exit code 5 and leaves no file", async () => {
    const [, layer] = world.image.layers;
    const remove = world.simulation.faults.add({
      path: `*${layer?.digest}`,
      action: { kind: "flip", at: 7 },
    });
    const path = world.path("wrong.tar");
    const result = await world.run(["blob", app(world), layer?.digest ?? "", "-o", path]);
    remove();
    expect(result).toMatchObject({ code: 5 });
    expect(result.err).toContain("Next: What arrived was dropped");
    await expect(stat(path)).rejects.toThrow("ENOENT");
  });

  it("standard output gets the bytes as they are", async () => {
    const [layer] = world.image.layers;
    const { bytes, code } = await world.run(["blob", app(world), layer?.digest ?? ""]);
    expect(code).toBe(0);
    expect(bytes).toEqual(layer?.content.read(0, layer.content.size));
  });
});

describe("tidegate manifest, tag, rm", () => {
  it("push a manifest, tag it, delete the tag, delete the manifest", async () => {
    const path = world.path("m.json");
    await writeFile(path, world.image.bytes);
    const fresh = app(world, ":fresh");
    const put = await world.run(["manifest", fresh, "--put", path]);
    expect(put).toMatchObject({ code: 0, out: `${world.image.digest}\n` });
    const stdin = world.image.bytes;
    expect(await world.run(["manifest", fresh, "--put", "-", "--json"], { stdin })).toMatchObject({
      code: 0,
    });
    expect(await world.run(["tag", fresh, "fresh-1", "fresh-2"])).toMatchObject({ code: 0 });
    const tags = (): string[] => [...world.registry.repository("acme/app").tags.keys()];
    expect(tags()).toEqual(expect.arrayContaining(["fresh", "fresh-1", "fresh-2"]));
    expect(await world.run(["rm", app(world, ":fresh-1")])).toMatchObject({ code: 0 });
    expect(tags()).not.toContain("fresh-1");
    expect(tags()).toContain("fresh-2");
    const copy = `${world.at.other}/x:v1`;
    world.other.add("x", { image: world.image, tags: ["v1", "v2"] });
    expect(await world.run(["rm", copy, "--manifest", "--json"])).toMatchObject({ code: 0 });
    expect([...world.other.repository("x").tags.keys()]).toEqual([]);
  });

  it("manifest as JSON", async () => {
    const { out } = await world.run(["manifest", app(world, ":v2"), "--json"]);
    expect(JSON.parse(out)).toMatchObject({ digest: world.image.digest });
  });

  it("inspect and diff as JSON", async () => {
    const inspected = await world.run(["inspect", app(world), "--json", "--platform", "arm64"]);
    expect(JSON.parse(inspected.out)).toMatchObject({
      digest: world.index.digest,
      platform: "linux/arm64",
      platformDigest: world.index.children[1]?.digest,
      config: { architecture: "arm64" },
    });
    const compared = await world.run(["diff", app(world), app(world, ":v2"), "--json"]);
    expect(JSON.parse(compared.out)).toMatchObject({
      equal: false,
      layers: { shared: 1, removed: [{}], added: [{}] },
      platforms: { removed: ["linux/arm64"], added: [] },
    });
  });
});

describe("tidegate, credentials", () => {
  const locked = (): string => `${world.at.locked}/acme/app:v1`;

  it("--password-stdin, and environment for the registry that it names", async () => {
    const stdin = `${CLI_CANARY}\n`;
    const given = ["digest", locked(), "-u", "ann", "--password-stdin"];
    expect(await world.run(given, { stdin })).toMatchObject({ code: 0 });
    const env = {
      TIDEGATE_USERNAME: "ann",
      TIDEGATE_PASSWORD: CLI_CANARY,
      TIDEGATE_REGISTRY: world.at.locked,
    };
    expect(await world.run(["digest", locked()], { env })).toMatchObject({ code: 0 });
    expect(
      await world.run(["digest", locked(), "-u", "ann"], {
        env: { DOCKER_PASSWORD: CLI_CANARY },
      }),
    ).toMatchObject({ code: 0 });
  });

  it("an environment without a registry is for Docker Hub alone", async () => {
    const env = { DOCKER_USERNAME: "ann", DOCKER_PASSWORD: CLI_CANARY };
    const seen = world.simulation.log.length;
    expect(await world.run(["digest", locked()], { env })).toMatchObject({ code: 4 });
    const sent = world.simulation.log.slice(seen).filter(({ headers }) =>
      new Headers(headers as HeadersInit).has("authorization")
    );
    expect(sent).toEqual([]);
  });

  it("a token origin that nobody named gets nothing, until --trust names it", async () => {
    const words = ["digest", `${world.at.remote}/acme/app:v1`, "-u", "ann", "--password-stdin"];
    const refused = await world.run(words, { stdin: CLI_CANARY });
    const trust = `${world.at.remote}=${world.tokenOrigin}`;
    expect(refused.code).toBe(4);
    expect(refused.err).toContain(
      `Next: If it belongs to the registry, allow it: --trust ${trust}`,
    );
    const allowed = await world.run([...words, "--trust", trust], { stdin: CLI_CANARY });
    expect(allowed).toMatchObject({ code: 0 });
    const env = { TIDEGATE_TRUST: trust };
    expect(await world.run(words, { stdin: CLI_CANARY, env })).toMatchObject({ code: 0 });
  });

  it("--password is warned about and shown nowhere", async () => {
    const words = ["digest", locked(), "-u", "ann", "--password", CLI_CANARY, "--debug"];
    const { code, err, out } = await world.run(words);
    expect(code).toBe(0);
    expect(err).toContain("Warning: other processes can see --password");
    expect(err).toContain("request.sent");
    expect(err + out).not.toContain(CLI_CANARY);
  });

  it("a wrong password is exit code 4 and shown nowhere", async () => {
    const words = ["digest", locked(), "-u", "ann", "--password-stdin", "--json"];
    const { code, err, out } = await world.run(words, { stdin: "wrong-canary-2" });
    expect(code).toBe(4);
    expect(err + out).not.toContain("wrong-canary-2");
  });

  it("login, use, logout", async () => {
    const login = ["login", world.at.locked, "-u", "ann", "--password-stdin"];
    const refused = await world.run(login, { stdin: "wrong-canary-3" });
    expect(refused).toMatchObject({ code: 4 });
    const done = await world.run(login, { stdin: CLI_CANARY });
    expect(done).toMatchObject({ code: 0, out: `Logged in to ${world.at.locked} as ann\n` });
    expect(done.err).toContain("kept unencrypted");
    expect((await stat(world.path("docker", "config.json"))).mode & 0o777).toBe(0o600);
    expect(await world.run(["digest", locked()])).toMatchObject({ code: 0 });
    expect(await world.run(["logout", world.at.locked])).toMatchObject({ code: 0 });
    expect(await world.run(["digest", locked()])).toMatchObject({ code: 4 });
  });

  it("login asks on the terminal", async () => {
    const typed = ["ann", CLI_CANARY];
    const asked = await world.run(["login", world.at.locked], { typed });
    expect(asked).toMatchObject({ code: 0 });
    expect(await world.run(["login", world.at.locked])).toMatchObject({ code: 2 });
    await world.run(["logout", world.at.locked, "--json"]);
  });

  it("login and logout with a credential helper", async () => {
    const kept = new Map<string, string>();
    const calls: string[] = [];
    const runHelper = (helper: string, action: string, input: string) => {
      calls.push(`${helper} ${action}`);
      if (action === "store") kept.set(JSON.parse(input).ServerURL, input);
      if (action === "erase") kept.delete(input);
      const stdout = action === "get" ? kept.get(input) ?? "credentials not found" : "";
      return Promise.resolve({ exitCode: stdout.startsWith("cred") ? 1 : 0, stdout });
    };
    const config = world.path("docker", "config.json");
    await writeFile(config, JSON.stringify({ credsStore: "test", other: { kept: true } }));
    const login = ["login", world.at.locked, "-u", "ann", "--password-stdin"];
    const done = await world.run(login, { stdin: CLI_CANARY, runHelper });
    expect(done.err).toContain("docker-credential-test");
    const text = await readFile(config, "utf8");
    expect(text).not.toContain(CLI_CANARY);
    expect(text).not.toContain(btoa(`ann:${CLI_CANARY}`));
    expect(JSON.parse(text)).toMatchObject({ other: { kept: true } });
    expect(await world.run(["digest", locked()], { runHelper })).toMatchObject({ code: 0 });
    expect(await world.run(["logout", world.at.locked], { runHelper })).toMatchObject({ code: 0 });
    expect(await world.run(["digest", locked()], { runHelper })).toMatchObject({ code: 4 });
    expect(calls).toContain("test store");
    expect(calls).toContain("test erase");
    await writeFile(config, "not json");
    expect(await world.run(login, { stdin: CLI_CANARY, runHelper })).toMatchObject({ code: 4 });
    await writeFile(config, "{}");
  });
});

describe("tidegate config check", () => {
  it("tells of every problem, and shows no value", async () => {
    const path = world.path("settings.yaml");
    await writeFile(
      path,
      "docker_hub: { auth: { pasword: canary-x }, upload: { chunk_size_mb: no } }",
    );
    const bad = await world.run(["config", "check", path]);
    expect(bad.code).toBe(2);
    expect(bad.err).toContain("chunk_size_mb");
    expect(bad.err + bad.out).not.toContain("canary-x");
    await writeFile(path, "docker_hub: { upload: { chunk_size_mb: 8 } }");
    expect(await world.run(["config", "check", path])).toMatchObject({ code: 0 });
    expect(await world.run(["config", "check", path, "--json"])).toMatchObject({
      code: 0,
      out: expect.stringContaining('"problems":[]'),
    });
    expect(await world.run(["digest", app(world), "--config", path])).toMatchObject({ code: 0 });
  });
});
