import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type JsonSchema, violations } from "../support/json_schema.ts";
import { ownFolder } from "../support/own_folder_node.ts";
import { eventSchema } from "../../tools/check_event_schema.ts";

function schemaOf(text: string): JsonSchema {
  const path = join(ownFolder("schema"), "event.ts");
  writeFileSync(path, text);
  return eventSchema(path, "E") as JsonSchema;
}

describe("eventSchema()", () => {
  it("says what the types say, with their comments", () => {
    const schema = schemaOf(`
      interface A {
        readonly type: "a";
        /** Why. */
        readonly n: number;
        readonly o?: string;
      }
      interface B { readonly type: "b"; readonly list: readonly ("x" | "y")[]; readonly is: boolean }
      /** All. */
      export type E = A | B;
    `);
    expect(schema).toMatchObject({ description: "All." });
    expect(schema.oneOf?.[0]).toEqual({
      type: "object",
      properties: {
        type: { const: "a" },
        n: { type: "number", description: "Why." },
        o: { type: "string" },
      },
      required: ["type", "n"],
      additionalProperties: false,
    });
    expect(violations(schema, { type: "b", list: ["x"], is: true })).toEqual([]);
    expect(violations(schema, { type: "a", n: 1, o: "" })).toEqual([]);
    for (
      const bad of [{ type: "a" }, { type: "a", n: 1, p: 1 }, { type: "b", list: ["z"], is: true }]
    ) {
      expect(violations(schema, bad)).toHaveLength(1);
    }
  });

  it("refuses what JSON cannot say", () => {
    expect(() => schemaOf("export type E = { type: 'a'; big: bigint };")).toThrow(/bigint/);
    expect(() => schemaOf("export type F = { type: 'a' };")).toThrow(/exports no E/);
  });
});
