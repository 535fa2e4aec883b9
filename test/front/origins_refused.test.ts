import { describe, expect, it } from "vitest";
import { createFrontDoor } from "../../src/front/mod.ts";
import type { TidegateEvent } from "../../src/observability/mod.ts";
import type { Fault } from "../../src/simulation/mod.ts";
import { begin, openPushDoor, SEALED, UPLOADS } from "../support/door_uploads.ts";
import { openTestDoor } from "../support/front_door.ts";

const AWAY = "https://away.test";

interface Told {
  readonly observer: (event: TidegateEvent) => void;
  /** What the observer was told that the door refused: for what, and where. */
  refused(): (readonly [string, string])[];
}

function listen(): Told {
  const refused: (readonly [string, string])[] = [];
  return {
    observer: (event): void => {
      if (event.type === "origin.refused") refused.push([event.use, event.target]);
    },
    refused: () => refused,
  };
}

function uploadAt(location: string): Fault {
  return { method: "POST", action: { kind: "answer", status: 202, headers: { location } } };
}

describe("an observer of the door is told of", () => {
  it.each(["tags/list", `referrers/sha256:${"0".repeat(64)}`])(
    "a next page elsewhere: %s",
    async (path) => {
      const told = listen();
      const door = await openTestDoor({ options: { observer: told.observer } });
      const link = `<${AWAY}/v2/acme/app/${path}?sig=x>; rel="next"`;
      door.simulation.faults.add({
        path: `*/${path}`,
        action: { kind: "headers", set: { link } },
      });
      expect((await door.send(`/v2/acme/app/${path}`)).status).toBe(502);
      expect(told.refused()).toEqual([["link", AWAY]]);
    },
  );

  it("an upload that is to go on elsewhere", async () => {
    const told = listen();
    const door = await openPushDoor({ options: { observer: told.observer } });
    door.simulation.faults.add(uploadAt(`${AWAY}/v2/acme/app/blobs/uploads/1?sig=x`));
    expect((await door.send(UPLOADS, { method: "POST" })).status).toBe(502);
    expect(told.refused()).toEqual([["location", AWAY]]);
  });

  it("an upload that went on where it may no more", async () => {
    const told = listen();
    const door = await openPushDoor({ upstream: { uploadOrigins: [AWAY] } });
    door.simulation.faults.add(uploadAt(`${AWAY}/v2/acme/app/blobs/uploads/1?sig=x`));
    const location = await begin(door);
    const stricter = createFrontDoor({
      upstreams: [{ name: "sim", origin: "https://registry.test", default: true }],
      ...SEALED.config,
    }, { fetch: door.simulation.fetch, observer: told.observer });
    const request = new Request(`https://door.test${location}`);
    expect((await stricter.fetch(request, SEALED.env)).status).toBe(502);
    expect(told.refused()).toEqual([["location", AWAY]]);
  });
});
