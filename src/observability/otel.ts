/**
 * Spans through OpenTelemetry's API.
 *
 * In: events. Out: spans of the SDK that the program registered. Next: its exporter.
 * @module
 */
import {
  type Attributes,
  context,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
  type TracerProvider,
} from "@opentelemetry/api";
import type { Observer } from "./observe.ts";
import { type SpanAttributes, spanObserver, type SpanObserverOptions } from "./spans.ts";

/** Options of {@linkcode otelObserver}. */
export interface OtelObserverOptions extends SpanObserverOptions {
  /** Default is the provider that is registered globally. */
  readonly tracerProvider?: TracerProvider | undefined;
}

/**
 * An observer that writes the spans of `docs/observability.md`. Call it once the SDK is registered.
 *
 * A span is a child of the one that is active where the operation was called. Nothing is put into
 * requests: registries get no trace context.
 *
 * @returns Undefined where no SDK is registered: then a client observes nothing, which costs nothing.
 */
export function otelObserver(options: OtelObserverOptions = {}): Observer | undefined {
  const { tracerProvider = registeredProvider() } = options;
  if (tracerProvider === undefined) return undefined;
  const tracer = tracerProvider.getTracer("tidegate");
  return spanObserver<Span>({
    begin: (name, at, attributes, parent) => begin(tracer, name, at, attributes, parent),
    end(span, at, attributes, error): void {
      span.setAttributes(known(attributes));
      if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: error });
      span.end(at);
    },
  }, options);
}

function begin(
  tracer: Tracer,
  name: string,
  startTime: number,
  attributes: SpanAttributes,
  parent: Span | undefined,
): Span {
  const active = context.active();
  const place = parent === undefined ? active : trace.setSpan(active, parent);
  const kind = name === "docker.http.execute" ? SpanKind.CLIENT : SpanKind.INTERNAL;
  return tracer.startSpan(name, { kind, startTime, attributes: known(attributes) }, place);
}

function known(attributes: SpanAttributes): Attributes {
  return Object.fromEntries(
    Object.entries(attributes).filter(([, value]) => value !== undefined),
  ) as Attributes;
}

/** Until an SDK is registered, the API's own provider has nobody behind it. */
function registeredProvider(): TracerProvider | undefined {
  const provider: TracerProvider & {
    getDelegateTracer?: (name: string) => Tracer | undefined;
  } = trace.getTracerProvider();
  const { getDelegateTracer } = provider;
  if (getDelegateTracer === undefined) return provider;
  return getDelegateTracer.call(provider, "tidegate") === undefined ? undefined : provider;
}
