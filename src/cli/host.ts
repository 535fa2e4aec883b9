import type { Clock, Fetch } from "../core/mod.ts";

/** Where text goes. */
export interface TextSink {
  /** Write, and wait until there is room for more. */
  write(chunk: string | Uint8Array): Promise<void>;
  readonly isTerminal: boolean;
  /** Width of the terminal; 80 where there is none. */
  columns(): number;
}

/** What a program that was run has left behind. */
export interface ProgramResult {
  readonly exitCode: number;
  readonly stdout: string;
}

/** Everything outside that the command touches, save layouts and registries. */
export interface CliHost {
  /** For results. */
  readonly stdout: TextSink;
  /** For everything else. */
  readonly stderr: TextSink;
  /** Standard input to its end. The caller caps it. */
  stdin(): AsyncIterable<Uint8Array>;
  /**
   * Ask on the terminal; `undefined` where there is none. What is typed is not shown when it is
   * `hidden`.
   * @throws {InterruptedError} When the user interrupts it.
   */
  ask(question: string, hidden: boolean): Promise<string | undefined>;
  /** The environment's variables. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted when the user wants to stop. */
  readonly signal: AbortSignal;
  /** Let the command take so long to end when the user wants to stop. Default is 5 s. */
  allowGrace?(milliseconds: number): void;
  readonly clock: Clock;
  /** Default is the runtime's. */
  readonly fetch?: Fetch | undefined;
  /** For large blobs, where there is something faster. Default is `fetch`. */
  readonly largeFetch?: Fetch | undefined;
  readonly files: HostFiles;
  /** The user's folder for caches: `~/.cache`. */
  readonly cacheHome: string;
  /** Docker's `config.json`. */
  readonly dockerConfigPath: string;
  /** `docker-credential-<helper> <action>` with `input` on standard input. */
  runHelper(helper: string, action: string, input: string): Promise<ProgramResult>;
}

/** Files, by path. */
export interface HostFiles {
  /**
   * A whole file; `undefined` when there is none.
   * @throws {TidegateError} LIMIT_EXCEEDED above `maximum` bytes.
   */
  read(path: string, maximum: number): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /**
   * Write a file and put it in place when it is complete; behind links, in place of what they lead
   * to. `mode` is for a new one.
   * @throws {UsageError} For what is there and is no file.
   */
  write(path: string, mode?: number): Promise<FileWriter>;
  /** Two paths as one. */
  join(...parts: readonly string[]): string;
}

/** A file on its way. */
export interface FileWriter {
  write(chunk: Uint8Array): Promise<void>;
  /** Put it in place. */
  close(): Promise<void>;
  /** Leave nothing behind. */
  abort(): Promise<void>;
}
