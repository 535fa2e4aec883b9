import ts from "typescript";
import {
  at,
  isGenerated,
  parseSource,
  type Problem,
  readSources,
  report,
  type SourceFile,
} from "./source_files.ts";
import { checkExamples } from "./doc_examples.ts";

const HEADER =
  /^\/\*\*\n \* [^\n]+\n(?: \* [^\n]+\n)* \*\n \* In:\s[\s\S]+?\sOut:\s[\s\S]+?\sNext:\s[\s\S]+?\n \* @module\n \*\/\n/;

/** Each `mod.ts` says what goes in, what comes out and what is next; each export has a docstring. */
export function checkDocs(files: readonly SourceFile[]): Problem[] {
  return files.filter((file) => file.path.startsWith("src/") && !isGenerated(file)).flatMap(
    (file) => [...checkHeader(file), ...checkDocstrings(file)],
  );
}

function checkHeader({ path, text }: SourceFile): Problem[] {
  if (!/^src\/[^/]+\/mod\.ts$/.test(path) || HEADER.test(text)) return [];
  return [`${path}:1: the header is not "In: … Out: … Next: …" with @module`];
}

function checkDocstrings(file: SourceFile): Problem[] {
  const source = parseSource(file);
  const exported = source.statements.filter(isExported);
  const documented = new Set(exported.filter(hasDocstring).map(nameOf));
  const missing = exported.filter((one) => !documented.has(nameOf(one)));
  return missing.map((one) => `${at(source, one)}: ${nameOf(one)} has no docstring`);
}

function isExported(node: ts.Statement): boolean {
  if (!ts.canHaveModifiers(node) || ts.isImportDeclaration(node)) return false;
  return ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) ?? false;
}

function hasDocstring(node: ts.Statement): boolean {
  return ts.getJSDocCommentsAndTags(node).some((doc) => doc.getText().length > "/** */".length);
}

function nameOf(node: ts.Statement): string {
  if (ts.isVariableStatement(node)) {
    return node.declarationList.declarations.map(({ name }) => name.getText()).join(", ");
  }
  return (node as { name?: ts.Node }).name?.getText() ?? "default export";
}

if (import.meta.main) {
  const pages = readSources("README.md", "docs/**/*.md", "examples/**/*.md");
  report("docs", [...checkDocs(readSources("src/**/*.ts")), ...checkExamples(pages)]);
}
