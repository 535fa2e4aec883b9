import { expect, it } from "vitest";
import { doorCases, runDoorMap, writingDoorCases } from "../support/leak_door.ts";
import * as product from "../support/leak_product.ts";

/*
 * Through the front door: nothing of the upstream reaches the caller (secrets, its name and its token
 * endpoint's, cookies, signed URLs, its error texts), nothing of the caller's proof reaches anybody.
 */

it("nothing of the upstream is shown by the door, nothing of the caller passes it", async () => {
  const report = await runDoorMap(product, doorCases());
  expect(report.findings.slice(0, 10)).toEqual([]);
  expect(report.findings).toHaveLength(0);
  expect(report.cases).toBeGreaterThan(700);
  expect(report.trapped).toBeGreaterThan(20);
  expect(report.statuses[200]).toBeGreaterThan(50);
  console.info(`leak map: door: ${report.cases} cases`, JSON.stringify(report.statuses));
}, 120_000);

it("neither when something is pushed or deleted", async () => {
  const report = await runDoorMap(product, writingDoorCases());
  expect(report.findings.slice(0, 10)).toEqual([]);
  expect(report.findings).toHaveLength(0);
  expect(report.cases).toBeGreaterThan(400);
  expect(report.statuses[201]).toBeGreaterThan(10);
  expect(report.statuses[202]).toBeGreaterThan(0);
  console.info(`leak map: writes: ${report.cases} cases`, JSON.stringify(report.statuses));
}, 120_000);
