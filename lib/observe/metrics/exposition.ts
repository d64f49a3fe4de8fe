/**
 * Prometheus' text exposition format, version 0.0.4.
 *
 * @module
 */

export type Labels = Readonly<Record<string, string>>;

export interface Sample {
  /** What follows the family's name: `_bucket`, `_sum` and `_count` of a histogram. */
  readonly suffix?: string;
  readonly labels?: Labels;
  readonly value: number;
}

/** Metrics of one name. Names and label names are those of the program: letters, digits and `_`. */
interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly samples: readonly Sample[];
}

/** The families as text; one without a sample is left out. */
export function exposition(families: readonly Family[]): string {
  return families.filter(({ samples }) => samples.length > 0).map(familyText).join("");
}

function familyText({ name, help, type, samples }: Family): string {
  const lines = samples.map(({ suffix = "", labels = {}, value }) =>
    `${name}${suffix}${labelText(labels)} ${numberText(value)}\n`
  );
  return `# HELP ${name} ${escaped(help)}\n# TYPE ${name} ${type}\n${lines.join("")}`;
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

/** Counts by labels; whoever counts bounds their values. */
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
