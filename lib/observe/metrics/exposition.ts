/**
 * Prometheus' text exposition format, version 0.0.4.
 *
 * @module
 */

export type Labels = Readonly<Record<string, string>>;

interface Sample {
  /** What follows the family's name: `_bucket`, `_sum` and `_count` of a histogram. */
  readonly suffix?: string;
  readonly labels?: Labels;
  readonly value: number;
}

/**
 * Metrics as text, in the order of `help`; one without a sample, or whose value is not known yet, is
 * left out. Counters end in `_total`. Names are those of the program: letters, digits and `_`.
 */
export function exposition<Name extends string>(
  prefix: string,
  help: Readonly<Record<Name, string>>,
  values: Readonly<Record<Name, number | readonly Sample[] | undefined>>,
): string {
  return (Object.keys(help) as Name[]).map((key) => {
    const name = `${prefix}${key}`;
    const value = values[key] ?? [];
    const samples: readonly Sample[] = typeof value === "number" ? [{ value }] : value;
    if (samples.length === 0) return "";
    const counts = key.endsWith("_total") ? "counter" : "gauge";
    const type = samples.some(({ suffix }) => suffix) ? "histogram" : counts;
    const lines = samples.map(({ suffix = "", labels = {}, value }) =>
      `${name}${suffix}${labelText(labels)} ${numberText(value)}\n`
    );
    return `# HELP ${name} ${escaped(help[key])}\n# TYPE ${name} ${type}\n${lines.join("")}`;
  }).join("");
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) =>
    `${name}="${escaped(value).replaceAll('"', '\\"')}"`
  );
  return pairs.length === 0 ? "" : `{${pairs.join()}}`;
}

function escaped(text: string): string {
  return text.toWellFormed().replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}

function numberText(value: number): string {
  return String(value).replace(/Infinity$/, "Inf").replace(/^I/, "+I");
}

/** Counts by labels, whose values the caller bounds. */
export function tally(...names: readonly [string, ...string[]]) {
  const counted = new Map<string, { readonly labels: Labels; value: number }>();
  return {
    add(values: readonly string[], by = 1): void {
      const labels = Object.fromEntries(names.map((name, i) => [name, values[i] ?? ""]));
      const key = JSON.stringify(values);
      const sample = counted.get(key) ?? { labels, value: 0 };
      sample.value += by;
      counted.set(key, sample);
    },
    /** Those with the same first label stand together. */
    samples: (): Sample[] =>
      [...Map.groupBy(counted.values(), ({ labels }) => labels[names[0]]).values()].flat(),
  };
}

/** Counts values at or below each of the ascending `bounds`. */
export function histogram(bounds: readonly number[]) {
  const counts = bounds.map(() => 0);
  let count = 0;
  let sum = 0;
  return {
    observe(value: number): void {
      for (const [i, bound] of bounds.entries()) {
        if (value <= bound) counts[i] = (counts[i] ?? 0) + 1;
      }
      count++;
      sum += value;
    },
    samples(): Sample[] {
      const bucket = (le: string, value = 0) => ({ suffix: "_bucket", labels: { le }, value });
      return [
        ...bounds.map((bound, i) => bucket(String(bound), counts[i])),
        bucket("+Inf", count),
        { suffix: "_sum", value: sum },
        { suffix: "_count", value: count },
      ];
    },
  };
}
