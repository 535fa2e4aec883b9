import ts from "typescript";
import { isAdapter } from "./check_layers.ts";
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

/** Names that exist on some runtimes only: for adapters and entries. */
const RUNTIME_NAMES: ReadonlySet<string> = new Set([
  ...["process", "Buffer", "require", "__dirname", "__filename", "Deno", "Bun", "window"],
  ...["document", "caches", "DigestStream", "FixedLengthStream", "IdentityTransformStream"],
  ...["WebSocketPair", "HTMLRewriter", "ExecutionContext", "KVNamespace", "R2Bucket"],
]);

/** Names of time, chance and network: reached through the ports of `core` alone. */
const PORT_NAMES: ReadonlySet<string> = new Set([
  ...["fetch", "setTimeout", "setInterval", "clearTimeout", "clearInterval", "setImmediate"],
  ...["Date.now", "Math.random", "performance.now", "AbortSignal.timeout"],
  ...["crypto.getRandomValues", "crypto.randomUUID"],
]);

const PORTS = /^src\/core\/(clock|random|fetch)\.ts$/;
/** Files that may print: sinks that the caller asked for. */
const PRINTERS = /_sink\.ts$/;
const GLOBAL_OBJECTS: ReadonlySet<string> = new Set(["globalThis", "self", "crypto"]);

/** Runtime names stay in adapters; time, chance and network stay behind their ports. */
export function checkGlobals(files: readonly SourceFile[]): Problem[] {
  const problems: Problem[] = [];
  for (const file of files) {
    if (!file.path.startsWith("src/") || isGenerated(file)) continue;
    const source = parseSource(file);
    const own = declaredNames(source);
    walk(source, (node) => {
      const name = globalName(node);
      if (name === undefined || own.has(name)) return;
      if (RUNTIME_NAMES.has(name) && !isAdapter(file.path)) {
        problems.push(`${at(source, node)}: ${name} outside an adapter`);
      } else if (PORT_NAMES.has(name) && !PORTS.test(file.path) && !isAdapter(file.path)) {
        problems.push(`${at(source, node)}: ${name} outside core/{clock,random,fetch}.ts`);
      } else if (name === "console" && !PRINTERS.test(file.path) && !isAdapter(file.path)) {
        problems.push(`${at(source, node)}: the library prints nothing`);
      } else if (name === "new Date()") {
        problems.push(`${at(source, node)}: new Date() reads the clock: take a Clock`);
      }
    });
  }
  return problems;
}

/** What a file declares or imports itself, which then is no global. */
function declaredNames(source: ts.SourceFile): ReadonlySet<string> {
  const names = new Set<string>();
  walk(source, (node) => {
    const declares = ts.isVariableDeclaration(node) || ts.isParameter(node) ||
      ts.isBindingElement(node) || ts.isFunctionDeclaration(node) || ts.isImportSpecifier(node) ||
      ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node);
    if (declares && node.name && ts.isIdentifier(node.name)) names.add(node.name.text);
  });
  return names;
}

function globalName(node: ts.Node): string | undefined {
  if (ts.isNewExpression(node)) {
    const bare = ts.isIdentifier(node.expression) && node.expression.text === "Date";
    return bare && !node.arguments?.length ? "new Date()" : undefined;
  }
  if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression)) {
    const object = node.expression.text;
    const dotted = `${object}.${node.name.text}`;
    if (PORT_NAMES.has(dotted)) return dotted;
    return GLOBAL_OBJECTS.has(object) ? node.name.text : undefined;
  }
  return ts.isIdentifier(node) && isFree(node) ? node.text : undefined;
}

/** Whether an identifier reads a variable, and is not a key, a member or a declared name. */
function isFree(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isQualifiedName(parent)) return parent.left === node;
  if (ts.isPropertyAssignment(parent)) return parent.initializer === node;
  if (ts.isBindingElement(parent)) return parent.initializer === node;
  const named = parent as { name?: ts.Node };
  return named.name !== node || ts.isShorthandPropertyAssignment(parent);
}

if (import.meta.main) report("globals", checkGlobals(readSources("src/**/*.ts")));
