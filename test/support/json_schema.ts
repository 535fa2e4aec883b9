/** A schema of the few words that `docs/events.schema.json` is made of. */
export interface JsonSchema {
  readonly type?: "object" | "array" | "string" | "number" | "boolean";
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly oneOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly additionalProperties?: false;
}

/** What a value breaks, as `path: rule`; empty when it is valid. */
export function violations(schema: JsonSchema, value: unknown, path = "$"): string[] {
  const { oneOf, properties = {}, required = [] } = schema;
  if (oneOf !== undefined) {
    const fits = oneOf.filter((one) => violations(one, value, path).length === 0);
    return fits.length === 1 ? [] : [`${path}: fits ${fits.length} of ${oneOf.length}`];
  }
  if ("const" in schema && value !== schema.const) return [`${path}: is not ${schema.const}`];
  if (schema.enum?.includes(value) === false) return [`${path}: is not of the list`];
  if (schema.type === undefined) return [];
  const type = Array.isArray(value) ? "array" : value === null ? "null" : typeof value;
  if (type !== schema.type) return [`${path}: is ${type}, not ${schema.type}`];
  if (Array.isArray(value)) {
    return value.flatMap((item, i) => violations(schema.items ?? {}, item, `${path}[${i}]`));
  }
  if (type !== "object") return [];
  const fields = Object.entries(value as Record<string, unknown>);
  return [
    ...required.filter((name) => !fields.some(([key]) => key === name)).map((name) =>
      `${path}.${name}: is required`
    ),
    ...fields.flatMap(([key, field]) =>
      properties[key] === undefined
        ? [`${path}.${key}: is not known`]
        : violations(properties[key], field, `${path}.${key}`)
    ),
  ];
}
