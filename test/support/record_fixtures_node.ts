import { mkdir, writeFile } from "node:fs/promises";
import { FLOWS, recordFlow } from "./ghcr_fixtures.ts";

/** Record every flow anew into `test/vectors/ghcr`: `node test/support/record_fixtures_node.ts`. */
async function main(): Promise<void> {
  const folder = new URL("../vectors/ghcr/", import.meta.url);
  await mkdir(folder, { recursive: true });
  for (const [name, flow] of Object.entries(FLOWS)) {
    const { fixture } = await recordFlow(flow);
    await writeFile(new URL(`${name}.json`, folder), `${JSON.stringify(fixture, null, 2)}\n`);
    console.log(`${name}: ${fixture.exchanges.length} exchanges`);
  }
}

await main();
