/**
 * How often something came out, and how far that can be trusted.
 *
 * @module
 */

/** So many of so many, with the interval in which the true share lies, 19 times of 20. */
export interface Rate {
  readonly count: number;
  readonly of: number;
  /** 0 to 1; 0 and 1 where there was nothing to count. */
  readonly low: number;
  readonly high: number;
}

/** The quantile of the normal distribution for 95 %, two-sided. */
const Z = 1.96;

/** Wilson's score interval: unlike the plain one it stays within 0 and 1, and holds for few. */
export function rateOf(count: number, of: number): Rate {
  if (of === 0) return { count, of, low: 0, high: 1 };
  const share = count / of;
  const spread = Z * Math.sqrt(share * (1 - share) / of + Z * Z / (4 * of * of));
  const middle = share + Z * Z / (2 * of);
  const scale = 1 + Z * Z / of;
  const rounded = (value: number) => Math.round(1000 * Math.min(1, Math.max(0, value))) / 1000;
  return {
    count,
    of,
    low: rounded((middle - spread) / scale),
    high: rounded((middle + spread) / scale),
  };
}
