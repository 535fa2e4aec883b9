import {
  DURATION_BUCKETS,
  type Labels,
  type MetricDefinition,
  METRICS,
  type Metrics,
} from "./metrics.ts";

/** Metrics in memory, to be collected as text. */
export interface PrometheusMetrics extends Metrics {
  /** The media type of {@linkcode PrometheusMetrics.text}. */
  readonly contentType: string;
  /** All metrics in the text exposition format 0.0.4. Counters start with the process. */
  text(): string;
}

/** More series of one metric than its labels can make are a mistake: they are left out. */
const MAX_SERIES = 2000;

interface Series {
  readonly labels: Labels;
  value: number;
  /** Of a histogram: how many values are in each bucket alone. */
  readonly buckets: number[];
  count: number;
}

/**
 * A sink for Prometheus. The text is for an endpoint of the program's own, which should not be
 * public; the library serves none.
 */
export function prometheusMetrics(): PrometheusMetrics {
  const families = new Map<string, Map<string, Series>>();
  const seriesOf = (name: string, labels: Labels): Series | undefined => {
    const family = families.get(name) ?? new Map<string, Series>();
    families.set(name, family);
    const key = formatLabels(labels);
    const known = family.get(key);
    if (known !== undefined || family.size >= MAX_SERIES) return known;
    const fresh: Series = { labels, value: 0, buckets: DURATION_BUCKETS.map(() => 0), count: 0 };
    family.set(key, fresh);
    return fresh;
  };
  return {
    contentType: "text/plain; version=0.0.4; charset=utf-8",
    add(name, labels, amount): void {
      const series = seriesOf(name, labels);
      if (series !== undefined && amount >= 0) series.value += amount;
    },
    set(name, labels, value): void {
      const series = seriesOf(name, labels);
      if (series !== undefined) series.value = value;
    },
    record(name, labels, value): void {
      const series = seriesOf(name, labels);
      if (series === undefined) return;
      series.count++;
      series.value += value;
      const bucket = DURATION_BUCKETS.findIndex((bound) => value <= bound);
      if (bucket >= 0) series.buckets[bucket] = (series.buckets[bucket] ?? 0) + 1;
    },
    text: () => [...families].map(([name, family]) => formatFamily(name, family)).join(""),
  };
}

function formatFamily(name: string, family: ReadonlyMap<string, Series>): string {
  const { help, type } = definitionOf(name);
  const lines = [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
  for (const series of family.values()) {
    if (type === "histogram") lines.push(...formatHistogram(name, series));
    else lines.push(`${name}${formatLabels(series.labels)} ${series.value}`);
  }
  return `${lines.join("\n")}\n`;
}

function definitionOf(name: string): Pick<MetricDefinition, "help" | "type"> {
  const own = name.slice(name.indexOf("_") + 1);
  const known: Readonly<Record<string, MetricDefinition>> = METRICS;
  const definition = Object.hasOwn(known, own) ? known[own] : undefined;
  return definition ?? { help: "", type: "gauge" };
}

function formatHistogram(name: string, { labels, buckets, count, value }: Series): string[] {
  let below = 0;
  const lines = DURATION_BUCKETS.map((bound, i) => {
    below += buckets[i] ?? 0;
    return `${name}_bucket${formatLabels({ ...labels, le: String(bound) })} ${below}`;
  });
  return [
    ...lines,
    `${name}_bucket${formatLabels({ ...labels, le: "+Inf" })} ${count}`,
    `${name}_sum${formatLabels(labels)} ${value}`,
    `${name}_count${formatLabels(labels)} ${count}`,
  ];
}

function formatLabels(labels: Labels): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}="${escapeLabel(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escapeLabel(value: string): string {
  return value.replace(/\\/g, "\\\\").replace(/\n/g, "\\n").replace(/"/g, '\\"');
}
