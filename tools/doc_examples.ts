import { resolve } from "node:path";
import ts from "typescript";
import { wantedExports } from "./check_exports.ts";
import type { Problem, SourceFile } from "./source_files.ts";

/** A fenced block of TypeScript in a page. */
interface Example {
  /** `page.md:line` of its first line. */
  readonly at: string;
  /** Where it pretends to be. Never written. */
  readonly path: string;
  readonly text: string;
}

/** What examples may use without declaring it: the names of the README's flow. */
const PRELUDE = `
import { createRegistryClient, parseReference } from "tidegate";
declare global {
  const registry: ReturnType<typeof createRegistryClient>;
  const ref: ReturnType<typeof parseReference>;
}
`;

/** Compile every \`\`\`ts block of the pages against the source, as a user's file would be. */
export function checkExamples(pages: readonly SourceFile[]): Problem[] {
  const examples = pages.flatMap(examplesOf);
  if (examples.length === 0) return [];
  const prelude = { at: "prelude", path: resolve("example_prelude.ts"), text: PRELUDE };
  const virtual = new Map([prelude, ...examples].map((one) => [one.path, one]));
  const options = compilerOptions();
  const host = ts.createCompilerHost(options);
  const { fileExists, getSourceFile } = host;
  host.fileExists = (path) => virtual.has(path) || fileExists(path);
  host.getSourceFile = (path, version) => {
    const found = virtual.get(path);
    return found
      ? ts.createSourceFile(path, found.text, version)
      : getSourceFile.call(host, path, version);
  };
  const program = ts.createProgram([...virtual.keys()], options, host);
  return ts.getPreEmitDiagnostics(program).flatMap((found) => describe(found, virtual));
}

function describe(found: ts.Diagnostic, virtual: ReadonlyMap<string, Example>): Problem[] {
  const text = ts.flattenDiagnosticMessageText(found.messageText, " ");
  const example = found.file && virtual.get(found.file.fileName);
  if (example === undefined) return [];
  const { line } = ts.getLineAndCharacterOfPosition(found.file as ts.SourceFile, found.start ?? 0);
  return [`${example.at} (+${line}): ${text}`];
}

function examplesOf({ path, text }: SourceFile): Example[] {
  return [...text.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map((match) => {
    const line = text.slice(0, match.index).split("\n").length + 1;
    const name = `example_${path.replaceAll(/\W/g, "_")}_${line}.ts`;
    return { at: `${path}:${line}`, path: resolve(name), text: `${match[1]}\nexport {};\n` };
  });
}

function compilerOptions(): ts.CompilerOptions {
  const { config } = ts.readConfigFile("tsconfig.json", ts.sys.readFile);
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, ".");
  const subpaths = Object.entries(wantedExports().deno);
  return {
    ...options,
    paths: Object.fromEntries(
      subpaths.map(([key, path]) => [key.replace(/^\./, "tidegate"), [resolve(path)]]),
    ),
    isolatedDeclarations: false,
    noUnusedLocals: false,
    types: ["node"],
  };
}
