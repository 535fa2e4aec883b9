import { dirname, join, normalize } from "node:path/posix";
import ts from "typescript";
import { at, parseSource, type SourceFile, walk } from "./source_files.ts";

/** One import or re-export, type-only ones and `import()` included. */
export interface Import {
  /** `path:line` of the statement. */
  readonly at: string;
  readonly specifier: string;
  /** The path of the imported file, for relative specifiers. */
  readonly target: string | undefined;
}

/** Every import of a file, in order. */
export function importsOf(file: SourceFile): Import[] {
  const source = parseSource(file);
  const imports: Import[] = [];
  walk(source, (node) => {
    const specifier = specifierOf(node);
    if (specifier === undefined) return;
    const target = specifier.startsWith(".")
      ? normalize(join(dirname(file.path), specifier))
      : undefined;
    imports.push({ at: at(source, node), specifier, target });
  });
  return imports;
}

function specifierOf(node: ts.Node): string | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) {
    const from = node.moduleSpecifier;
    return from && ts.isStringLiteral(from) ? from.text : undefined;
  }
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
    return ts.isStringLiteral(node.argument.literal) ? node.argument.literal.text : undefined;
  }
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    const [argument] = node.arguments;
    return argument && ts.isStringLiteral(argument) ? argument.text : undefined;
  }
  return undefined;
}

/** The package that a bare specifier names: `@scope/name/sub` is `@scope/name`. */
export function packageOf(specifier: string): string {
  return specifier.split("/").slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
}
