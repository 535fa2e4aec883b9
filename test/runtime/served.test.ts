import { expect, it } from "vitest";
import { createSimulation } from "../../src/simulation/mod.ts";
import { serveHere } from "../features/serve_world.ts";

/** Node has the table over HTTP in `test/features`; a page reaches no other origin. */
const isInMemory = /^Node\.js|Chrom/.test(navigator.userAgent);

it.skipIf(isInMemory)("the tables of features have their hosts behind a socket", async () => {
  const simulation = createSimulation();
  const trap = simulation.trap("trap.test", () => ({ status: 418, body: "no coffee" }));
  const served = await (await serveHere())(simulation);
  const url = served.url("trap.test");
  expect([url, served.fetch]).toEqual([
    expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
    undefined,
  ]);
  expect(trap.address).toBe(url);
  const answer = await fetch(`${url}/a%2Fb?c`, { method: "PUT", body: "bytes" });
  expect([answer.status, await answer.text()]).toEqual([418, "no coffee"]);
  await served.close();
  expect(simulation.log).toMatchObject([{ target: "/a%2Fb?c", bodyBytes: 5, outcome: "complete" }]);
  expect(trap.address).toBe("https://trap.test");
  await expect(fetch(url)).rejects.toThrow();
});
