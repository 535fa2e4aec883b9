/** A command line that cannot be meant: the user is shown the message and how to get help. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
