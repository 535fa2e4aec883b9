import { createRegistryClient } from "../../src/client/mod.ts";
import { copyImage, layoutImage, openLayout, registryImage } from "../../src/copy/mod.ts";
import { fileUploadRecords } from "../../src/copy/upload_records_node.ts";
import { parseReference } from "../../src/reference/mod.ts";

/**
 * A copy in a process of its own, to be killed: each argument is a reference, or `oci:DIRECTORY`.
 * Prints its events, one a line.
 */
async function main([from = "", to = "", records = ""]: readonly string[]): Promise<void> {
  const client = createRegistryClient();
  const options = { records: fileUploadRecords(records), chunkBytes: 256 * 1024 };
  const image = async (text: string): Promise<ReturnType<typeof registryImage>> =>
    text.startsWith("oci:")
      ? layoutImage(await openLayout(text.slice(4)), "v1")
      : registryImage(client, parseReference(text), options);
  const onEvent = (event: unknown): void => void process.stdout.write(`${JSON.stringify(event)}\n`);
  await copyImage(await image(from), await image(to), { onEvent });
}

await main(process.argv.slice(2));
