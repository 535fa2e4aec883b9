import { decodeUtf8, encodeUtf8 } from "./bytes.ts";

const REDACTED = "[secret]";

/**
 * A password, token or key that shows itself nowhere by accident: not in JSON, template strings,
 * `console.log`, `inspect` or an error. Held as bytes so that disposing it can zero them; strings
 * made by {@linkcode Secret.reveal} cannot be zeroed (JavaScript strings are immutable).
 */
export class Secret {
  readonly #bytes: Uint8Array<ArrayBuffer>;

  /** @param value The plain text, or its UTF-8 bytes (copied). */
  constructor(value: string | Uint8Array) {
    this.#bytes = typeof value === "string" ? encodeUtf8(value) : Uint8Array.from(value);
  }

  /** The plain text, for the one place that sends it. */
  reveal(): string {
    return decodeUtf8(this.#bytes);
  }

  /** A copy of the plain bytes. */
  revealBytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice();
  }

  /** Length in bytes: enough to refuse an empty one. */
  get length(): number {
    return this.#bytes.length;
  }

  /** Overwrite the bytes with zeros. What was revealed before stays in memory. */
  [Symbol.dispose](): void {
    this.#bytes.fill(0);
  }

  /** Always `[secret]`. */
  toString(): string {
    return REDACTED;
  }

  /** Always `[secret]`. */
  toJSON(): string {
    return REDACTED;
  }
}

// Node, Bun and Deno look these symbols up when they print a value.
for (const hook of ["nodejs.util.inspect.custom", "Deno.customInspect"]) {
  Object.defineProperty(Secret.prototype, Symbol.for(hook), { value: () => REDACTED });
}
