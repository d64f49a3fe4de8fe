/**
 * How often something came out, and how far that can be trusted.
 *
 * @module
 */

/** The quantile of the normal distribution for 95 %, two-sided. */
const Z = 1.96;

/**
 * So many of so many, with the interval in which the true share lies, 19 times of 20; from 0 to 1
 * where there was nothing to count. Wilson's score interval: unlike the plain one it stays within 0
 * and 1, and holds for few.
 */
export function rateOf(count: number, of: number) {
  if (of === 0) return { count, of, low: 0, high: 1 };
  const share = count / of;
  const spread = Z * Math.sqrt(share * (1 - share) / of + Z * Z / (4 * of * of));
  const middle = share + Z * Z / (2 * of);
  const bound = (value: number) => {
    const scaled = value / (1 + Z * Z / of);
    return Math.round(1000 * Math.min(1, Math.max(0, scaled))) / 1000;
  };
  return { count, of, low: bound(middle - spread), high: bound(middle + spread) };
}
