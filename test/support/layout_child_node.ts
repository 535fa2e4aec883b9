import process from "node:process";
import { openArchive, openLayout, writeArchive } from "../../src/layout/mod.ts";
import { describeBytes, patternBytes, putImage, readAll, sha256 } from "./layouts_node.ts";

/**
 * A process of its own on a layout, on Node, Deno or Bun:
 *
 * - `write DIRECTORY NAME LENGTH PIECE PAUSE_MS`: writes an image of one layer, piece by piece, and
 *   names it. Prints the offset at which it began, and `done`.
 * - `tour DIRECTORY`: everything once. Prints what came out as JSON.
 */
const [mode = "", directory = "", ...rest] = process.argv.slice(2);

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function write(name: string, length: number, piece: number, ms: number): Promise<void> {
  const layout = await openLayout(directory);
  const layer = patternBytes(length);
  const writer = await layout.blobWriter(describeBytes(layer));
  console.log(`offset ${writer.offset}`);
  for (let at = writer.offset; at < length; at += piece) {
    await writer.write(layer.subarray(at, at + piece));
    if (ms > 0) await pause(ms);
  }
  await writer.close();
  await putImage(layout, name, { layers: [layer] });
  await layout.close();
  console.log("done");
}

async function tour(): Promise<void> {
  const layout = await openLayout(`${directory}/layout`);
  const layer = patternBytes(700_000);
  const image = await putImage(layout, "app:v1", { layers: [layer] });
  await layout.tag("app:v1", image, { sourceImage: "app:v1", cachedAt: 1 });
  const other = describeBytes(patternBytes(300_000, 2));
  const first = await layout.blobWriter(other);
  await first.write(patternBytes(300_000, 2).subarray(0, 100_000));
  await first.abort();
  const second = await layout.blobWriter(other);
  await second.write(patternBytes(300_000, 2).subarray(second.offset));
  await second.close();
  const read = await readAll((await layout.openBlob(describeBytes(layer))).slice(0));
  await layout.close();
  const tar = `${directory}/docker.tar`;
  await writeArchive(layout, [{ descriptor: image, name: "app:v1" }], tar, { format: "docker" });
  const archive = await openArchive(tar);
  const missing = await openLayout(`${directory}/none`, { create: false }).catch(({ code }) =>
    code
  );
  console.log(JSON.stringify({
    read: sha256(read) === sha256(layer),
    offset: second.offset,
    entry: (await layout.names())[0]?.cache?.cachedAt,
    archived: (await archive.resolve("app:v1"))?.digest === image.digest,
    collected: await layout.gc(),
    verified: await layout.verify(),
    missing,
  }));
  await archive.close();
}

if (mode === "tour") await tour();
else await write(rest[0] ?? "", Number(rest[1]), Number(rest[2]), Number(rest[3]));
