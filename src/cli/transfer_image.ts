import type { CommandContext } from "./command.ts";
import type { CopyWords } from "./copy_words.ts";
import type { ImageArgument } from "./image_argument.ts";
import { imageEnds } from "./image_ends.ts";
import type { OpenedClient } from "./open_client.ts";
import { transfer, type TransferNames } from "./transfer.ts";

/** An image's way, and what the last line calls it. */
export interface ImageTransfer extends TransferNames {
  readonly from: ImageArgument;
  readonly to: ImageArgument;
}

/** Open both ends, copy the image, say what it came to, and leave what was opened. */
export async function transferImage(
  context: CommandContext,
  client: OpenedClient,
  { from, to, ...names }: ImageTransfer,
  options: CopyWords,
): Promise<void> {
  const ends = imageEnds(context, client);
  try {
    const source = await ends.source(from);
    const destination = await ends.destination(to, source, options);
    await transfer(context, names, source, destination, options);
  } finally {
    await ends.close();
  }
}
