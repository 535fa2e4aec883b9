import type { Context, ContextManager } from "@opentelemetry/api";
import { ROOT_CONTEXT } from "@opentelemetry/api";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";

/** An OpenTelemetry SDK that keeps its spans in memory. */
export interface MemorySdk {
  readonly provider: BasicTracerProvider;
  spans(): ReadableSpan[];
  reset(): void;
}

/** Make one; the caller registers it. */
export function createMemorySdk(): MemorySdk {
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  return {
    provider,
    spans: () => exporter.getFinishedSpans(),
    reset: () => exporter.reset(),
  };
}

/** Spans as an indented list, each one's children below it by name: starts are often the same. */
export function drawTrees(spans: readonly ReadableSpan[]): string[] {
  const ids = new Set(spans.map((span) => span.spanContext().spanId));
  const draw = (parent: string | undefined, depth: number): string[] =>
    spans
      .filter(({ parentSpanContext: of }) =>
        parent === undefined ? of === undefined || !ids.has(of.spanId) : of?.spanId === parent
      )
      .toSorted((a, b) => a.name < b.name ? -1 : a.name > b.name ? 1 : begun(a) - begun(b))
      .flatMap((span) => [
        `${"  ".repeat(depth)}${span.name}`,
        ...draw(span.spanContext().spanId, depth + 1),
      ]);
  return draw(undefined, 0);
}

/** In milliseconds since the epoch. */
export function begun({ startTime: [seconds, nanoseconds] }: ReadableSpan): number {
  return seconds * 1000 + nanoseconds / 1e6;
}

/** The simplest manager of contexts: one that is set by hand, for calls that do not wait. */
export class ManualContexts implements ContextManager {
  #current: Context = ROOT_CONTEXT;

  /** The context that is set. */
  active(): Context {
    return this.#current;
  }

  /** Set one for the time of a call. */
  with<A extends unknown[], F extends (...args: A) => ReturnType<F>>(
    context: Context,
    run: F,
    self?: ThisParameterType<F>,
    ...args: A
  ): ReturnType<F> {
    const before = this.#current;
    this.#current = context;
    try {
      return run.call(self as never, ...args);
    } finally {
      this.#current = before;
    }
  }

  /** Does nothing. */
  bind<T>(_context: Context, target: T): T {
    return target;
  }

  /** Does nothing. */
  enable(): this {
    return this;
  }

  /** Does nothing. */
  disable(): this {
    return this;
  }
}
