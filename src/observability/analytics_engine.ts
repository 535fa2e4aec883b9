import type { Labels, Metrics } from "./metrics.ts";

/** The one call of a Workers Analytics Engine binding that is made. */
export interface AnalyticsEngineDataset {
  writeDataPoint(
    point: {
      readonly indexes: readonly string[];
      readonly blobs: readonly string[];
      readonly doubles: readonly number[];
    },
  ): void;
}

/**
 * A sink for Workers Analytics Engine: one data point for each measurement. Cloudflare takes 250
 * of one request and drops the rest.
 *
 * `index1` is the metric's name, `blob1` its kind (`add`, `set`, `record`), `double1` the value, and
 * `blob2` and on are `key=value` of its labels, by name. A sum over `double1` of `add` points is a
 * counter, weighted by `_sample_interval`.
 */
export function analyticsEngineMetrics(dataset: AnalyticsEngineDataset): Metrics {
  const write = (kind: string, name: string, labels: Labels, value: number): void => {
    const pairs = Object.entries(labels).sort(([a], [b]) => a < b ? -1 : 1);
    dataset.writeDataPoint({
      indexes: [name.slice(0, 96)], // its longest
      blobs: [kind, ...pairs.map(([key, text]) => `${key}=${text}`)],
      doubles: [value],
    });
  };
  return {
    add: (name, labels, amount) => write("add", name, labels, amount),
    set: (name, labels, value) => write("set", name, labels, value),
    record: (name, labels, value) => write("record", name, labels, value),
  };
}
