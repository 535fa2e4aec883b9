import ts from "typescript";
import {
  at,
  isGenerated,
  parseSource,
  type Problem,
  readSources,
  report,
  type SourceFile,
  walk,
} from "./source_files.ts";

/** The budgets, in lines unless named otherwise. */
export const BUDGETS = {
  functionMedian: 12,
  functionHard: 80,
  fileSoft: 300,
  fileHard: 500,
  /** Files that may pass the soft limit: tables and closed unions that read better in one piece. */
  filesOverSoft: 5,
  suppressions: 10,
} as const;

interface Measured {
  readonly problems: Problem[];
  readonly functionLines: number[];
  suppressions: number;
}

/** Short functions and files, no `any`, no `!`, few suppressions and each with its reason. */
export function checkBudgets(files: readonly SourceFile[]): Problem[] {
  const measured: Measured = { problems: [], functionLines: [], suppressions: 0 };
  for (const file of files) if (!isGenerated(file)) measureFile(file, measured);
  const { problems, functionLines, suppressions } = measured;
  const middle = median(functionLines);
  if (middle > BUDGETS.functionMedian) problems.push(`src: median function is ${middle} lines`);
  if (suppressions > BUDGETS.suppressions) problems.push(`src: ${suppressions} suppressions`);
  const long = files.filter((file) =>
    file.path.startsWith("src/") && !isGenerated(file) && lines(file.text) > BUDGETS.fileSoft
  );
  if (long.length > BUDGETS.filesOverSoft) {
    problems.push(`src: ${long.length} files over ${BUDGETS.fileSoft} lines`);
  }
  return problems;
}

function measureFile(file: SourceFile, measured: Measured): void {
  const inSrc = file.path.startsWith("src/");
  const length = lines(file.text);
  if (length > BUDGETS.fileHard) measured.problems.push(`${file.path}: ${length} lines`);
  const source = parseSource(file);
  measureSuppressions(file, inSrc, measured);
  walk(source, (node) => {
    const banned = bannedSyntax(node);
    if (banned) measured.problems.push(`${at(source, node)}: ${banned}`);
    if (!inSrc || !isNamedFunction(node)) return;
    const { line: first } = source.getLineAndCharacterOfPosition(node.getStart(source));
    const { line: last } = source.getLineAndCharacterOfPosition(node.end);
    const height = last - first + 1;
    measured.functionLines.push(height);
    if (height > BUDGETS.functionHard) {
      measured.problems.push(`${at(source, node)}: a function of ${height} lines`);
    }
  });
}

function bannedSyntax(node: ts.Node): string | undefined {
  if (node.kind === ts.SyntaxKind.AnyKeyword) return "any";
  if (ts.isNonNullExpression(node)) return "non-null assertion";
  if (ts.isVariableDeclaration(node) && node.exclamationToken) return "definite assignment";
  return undefined;
}

const UNFINISHED = /\b(?:TO[D]O|FIX[M]E)\b/; // spelt so that it does not find itself
const SUPPRESSION =
  /(?:\/\/|\/\*)\s*(@ts-ignore|@ts-expect-error|@ts-nocheck|deno-lint-ignore\S*)(.*)/;

function measureSuppressions({ path, text }: SourceFile, inSrc: boolean, into: Measured): void {
  if (path.startsWith("test/tools/")) return; // they seed violations
  for (const [index, line] of text.split("\n").entries()) {
    const found = SUPPRESSION.exec(line);
    if (found === null) {
      if (UNFINISHED.test(line)) {
        into.problems.push(`${path}:${index + 1}: unfinished work is not written in comments`);
      }
      continue;
    }
    if (inSrc) into.suppressions++;
    if (!hasReason(found[1] ?? "", found[2] ?? "")) {
      into.problems.push(`${path}:${index + 1}: ${found[1]} without a reason`);
    }
  }
}

/** `deno-lint-ignore rule -- reason`, `@ts-expect-error reason`. */
function hasReason(kind: string, rest: string): boolean {
  return kind.startsWith("deno") ? /--\s*\S+/.test(rest) : /\w{3}/.test(rest);
}

function isNamedFunction(node: ts.Node): boolean {
  if (ts.isFunctionDeclaration(node) || ts.isMethodDeclaration(node)) return Boolean(node.body);
  if (!ts.isArrowFunction(node) && !ts.isFunctionExpression(node)) return false;
  const named = ts.isVariableDeclaration(node.parent) || ts.isPropertyAssignment(node.parent);
  return named && ts.isBlock(node.body);
}

function lines(text: string): number {
  return text.split("\n").length - 1;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

if (import.meta.main) {
  const files = readSources("{src,test,tools,bench,examples}/**/*.ts", "mod.ts");
  report("budgets", checkBudgets(files));
}
