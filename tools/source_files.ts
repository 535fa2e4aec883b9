import { globSync, readFileSync } from "node:fs";
import ts from "typescript";

/** One file of the tree, or a seeded one in a test. */
export interface SourceFile {
  /** Path from the project's root, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

/** A rule that is broken, as one line: `path:line: what`. */
export type Problem = string;

/** What a checker is: files in, broken rules out, nothing read and nothing printed. */
export type Check = (files: readonly SourceFile[]) => Problem[];

const SKIPPED = /(^|\/)(node_modules|dist|build|coverage)(\/|$)/;

/** Read the files that match the globs, sorted by path. */
export function readSources(...patterns: string[]): SourceFile[] {
  return globSync(patterns, { exclude: (path) => SKIPPED.test(path) })
    .map((path) => path.replaceAll("\\", "/"))
    .sort()
    .map((path) => ({ path, text: readFileSync(path, "utf8") }));
}

/** Machine-written files: held to no budget. */
export function isGenerated({ path }: SourceFile): boolean {
  return /_hex\.ts$/.test(path);
}

/** Parse one file; positions and parents are set. */
export function parseSource({ path, text }: SourceFile): ts.SourceFile {
  return ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
}

/** Call `visit` on a node and everything below it. */
export function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  node.forEachChild((child) => walk(child, visit));
}

/** `path:line` of a node. */
export function at(source: ts.SourceFile, node: ts.Node): string {
  const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
  return `${source.fileName}:${line + 1}`;
}

/** Print the problems and set the exit status: what every checker does when it is run by itself. */
export function report(name: string, problems: readonly Problem[]): void {
  for (const problem of problems) console.error(problem);
  console.log(`${name}: ${problems.length === 0 ? "ok" : `${problems.length} problem(s)`}`);
  if (problems.length > 0) process.exitCode = 1;
}
