import type { ReadStream, WriteStream } from "node:tty";
import { InterruptedError } from "./interrupted_error.ts";

const INTERRUPT = "\u0003";
const END = "\u0004";

/**
 * Ask on the terminal.
 *
 * @param isHidden Show nothing of what is typed.
 * @returns Undefined where input is no terminal, or the user gave up with ^D.
 * @throws {InterruptedError} When the user types ^C.
 */
export function askTerminal(
  input: ReadStream,
  output: WriteStream,
  question: string,
  isHidden: boolean,
): Promise<string | undefined> {
  if (!input.isTTY) return Promise.resolve(undefined);
  output.write(question);
  input.setRawMode(true);
  input.resume();
  return new Promise((resolve, reject) => {
    let answer = "";
    const finish = (end: () => void): void => {
      input.off("data", take);
      input.setRawMode(false);
      input.pause();
      output.write("\n");
      end();
    };
    const take = (chunk: Uint8Array | string): void => {
      for (const key of typeof chunk === "string" ? chunk : new TextDecoder().decode(chunk)) {
        if (key === INTERRUPT) return finish(() => reject(new InterruptedError("Interrupted")));
        if (key === END) return finish(() => resolve(undefined));
        if (key === "\r" || key === "\n") return finish(() => resolve(answer));
        const isErased = key === "\u007f" || key === "\b";
        if (isErased && !isHidden && answer !== "") output.write("\b \b");
        else if (!isErased && !isHidden) output.write(key);
        answer = isErased ? answer.slice(0, -1) : answer + key;
      }
    };
    input.on("data", take);
  });
}
