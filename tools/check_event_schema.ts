import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import ts from "typescript";
import { type Problem, report } from "./source_files.ts";

const TYPES = "src/copy/event.ts";
const SCHEMA = "docs/events.schema.json";
const ROOT = "CopyEvent";

/** A part of a JSON Schema. */
type Schema = { readonly [key: string]: unknown };

/**
 * The JSON Schema (draft 2020-12) of a union of object types, each told from the others by its `type`.
 *
 * @param path The file that exports it.
 * @throws {Error} For a type that JSON cannot say.
 */
export function eventSchema(path = TYPES, root = ROOT): Schema {
  const program = ts.createProgram([path], {
    strict: true,
    exactOptionalPropertyTypes: true,
    allowImportingTsExtensions: true,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    target: ts.ScriptTarget.ESNext,
    noEmit: true,
    types: [],
  });
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(resolve(path)) ?? program.getSourceFile(path);
  const module = source && checker.getSymbolAtLocation(source);
  const exported = module && checker.getExportsOfModule(module);
  const symbol = exported?.find(({ name }) => name === root);
  if (symbol === undefined) throw new Error(`${path} exports no ${root}`);
  const union = checker.getDeclaredTypeOfSymbol(symbol);
  const members = union.isUnion() ? union.types : [union];
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: root,
    description: textOf(symbol, checker),
    oneOf: members.map((member) => schemaOf(member, checker)),
  };
}

function schemaOf(type: ts.Type, checker: ts.TypeChecker): Schema {
  if (type.isStringLiteral()) return { const: type.value };
  if (type.flags & ts.TypeFlags.String) return { type: "string" };
  if (type.flags & ts.TypeFlags.Number) return { type: "number" };
  if (type.flags & ts.TypeFlags.Boolean) return { type: "boolean" };
  if (type.isUnion()) return unionSchema(type, checker);
  if (checker.isArrayType(type)) {
    const [item] = checker.getTypeArguments(type as ts.TypeReference);
    return { type: "array", items: item ? schemaOf(item, checker) : {} };
  }
  if (type.flags & ts.TypeFlags.Object) return objectSchema(type, checker);
  throw new Error(`${checker.typeToString(type)} is nothing that JSON can say`);
}

function unionSchema(type: ts.UnionType, checker: ts.TypeChecker): Schema {
  const texts = type.types.map((one) => one.isStringLiteral() ? one.value : undefined);
  if (texts.every((text) => text !== undefined)) return { enum: texts.toSorted() };
  return { anyOf: type.types.map((one) => schemaOf(one, checker)) };
}

function objectSchema(type: ts.Type, checker: ts.TypeChecker): Schema {
  const properties: Record<string, Schema> = {};
  const required: string[] = [];
  for (const property of type.getProperties()) {
    const isOptional = (property.flags & ts.SymbolFlags.Optional) !== 0;
    const declared = checker.getNonNullableType(checker.getTypeOfSymbol(property));
    const description = textOf(property, checker);
    properties[property.name] = {
      ...schemaOf(declared, checker),
      ...(description !== "" && { description }),
    };
    if (!isOptional) required.push(property.name);
  }
  // `type` first: it says which event it is
  required.sort((a, b) => Number(b === "type") - Number(a === "type"));
  const description = type.symbol.name === "__type" ? "" : textOf(type.symbol, checker);
  return {
    ...(description !== "" && { description }),
    type: "object",
    properties: Object.fromEntries([
      ...Object.entries(properties).filter(([name]) => name === "type"),
      ...Object.entries(properties).filter(([name]) => name !== "type"),
    ]),
    required,
    additionalProperties: false,
  };
}

function textOf(symbol: ts.Symbol, checker: ts.TypeChecker): string {
  return ts.displayPartsToString(symbol.getDocumentationComment(checker)).replace(/\s+/g, " ");
}

function main(write: boolean): Problem[] {
  const wanted = `${JSON.stringify(eventSchema(), undefined, 2)}\n`;
  if (write) writeFileSync(SCHEMA, wanted);
  const is = existsSync(SCHEMA) ? JSON.parse(readFileSync(SCHEMA, "utf8")) as unknown : undefined;
  if (JSON.stringify(is) === JSON.stringify(JSON.parse(wanted))) return [];
  return [`${SCHEMA}: not what \`node tools/check_event_schema.ts --write\` makes of ${TYPES}`];
}

if (import.meta.main) report("event_schema", main(process.argv.includes("--write")));
