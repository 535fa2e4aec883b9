/** The user has interrupted a question: no signal comes of ^C while keys are read one by one. */
export class InterruptedError extends Error {
  override readonly name = "InterruptedError";
}
