import { describe, expect, it } from "vitest";
import {
  checkConfigText,
  parseFrontDoorConfig,
  readFrontDoorText,
} from "../../../src/settings/mod.ts";

const YAML = `
upstreams:
  - { name: hub, origin: "https://registry-1.docker.io", default: true }
access:
  anonymous: ["hub/library/**:pull"] # everybody
`;
const JSON_TEXT = JSON.stringify({
  upstreams: [{ name: "hub", origin: "https://registry-1.docker.io", default: true }],
  access: { anonymous: ["hub/library/**:pull"] },
});

describe("readFrontDoorText()", () => {
  it("YAML and JSON mean the same", () => {
    const [yaml, json] = [YAML, JSON_TEXT].map((text) =>
      parseFrontDoorConfig(readFrontDoorText(text))
    );
    expect(yaml).toEqual(json);
  });

  it("leaves JSON to the strict parser: a key given twice is refused", () => {
    const text = '{ "upstreams": [], "upstreams": [] }';
    expect(() => parseFrontDoorConfig(readFrontDoorText(text))).toThrow("repeated keys");
  });

  it.each(["upstreams: {", "a: &b 1", "upstreams: []\nupstreams: []"])("refuses %j", (text) => {
    expect(() => parseFrontDoorConfig(readFrontDoorText(text))).toThrow(
      expect.objectContaining({ code: "CONFIGURATION" }),
    );
  });

  it("is what checkConfigText() reads doors by", () => {
    expect(checkConfigText(YAML)).toEqual({ kind: "front-door", problems: [], warnings: [] });
  });
});
