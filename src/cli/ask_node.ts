import type { ReadStream, WriteStream } from "node:tty";

const INTERRUPT = "\u0003";
const END = "\u0004";

/**
 * Ask on the terminal.
 *
 * @param isHidden Show nothing of what is typed.
 * @returns Undefined where input is no terminal, or the user gave up with ^C or ^D.
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
  return new Promise((resolve) => {
    let answer = "";
    const finish = (value: string | undefined): void => {
      input.off("data", take);
      input.setRawMode(false);
      input.pause();
      output.write("\n");
      resolve(value);
    };
    const take = (chunk: Uint8Array | string): void => {
      for (const key of typeof chunk === "string" ? chunk : new TextDecoder().decode(chunk)) {
        if (key === INTERRUPT || key === END) return finish(undefined);
        if (key === "\r" || key === "\n") return finish(answer);
        const isErased = key === "\u007f" || key === "\b";
        if (isErased && !isHidden && answer !== "") output.write("\b \b");
        else if (!isErased && !isHidden) output.write(key);
        answer = isErased ? answer.slice(0, -1) : answer + key;
      }
    };
    input.on("data", take);
  });
}
