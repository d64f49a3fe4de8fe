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
export interface Family {
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
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
}

interface Histogram {
  observe(value: number): void;
  samples(): Sample[];
}

/** Counts values at or below each of the ascending `bounds`. */
export function histogram(bounds: readonly number[]): Histogram {
  const counts = bounds.map(() => 0);
  let count = 0;
  let sum = 0;
  return {
    observe(value) {
      const bucket = bounds.findIndex((bound) => value <= bound);
      if (bucket >= 0) counts[bucket] = (counts[bucket] ?? 0) + 1;
      count++;
      sum += value;
    },
    samples() {
      let below = 0;
      const bucket = (le: string, value: number) => ({ suffix: "_bucket", labels: { le }, value });
      return [
        ...bounds.map((bound, i) => bucket(String(bound), below += counts[i] ?? 0)),
        bucket("+Inf", count),
        { suffix: "_sum", value: sum },
        { suffix: "_count", value: count },
      ];
    },
  };
}
