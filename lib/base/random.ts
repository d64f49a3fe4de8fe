/**
 * Names that nobody guesses or meets twice.
 *
 * @module
 */

/** Eight random hexadecimal digits. */
export const randomHex = (): string => crypto.randomUUID().slice(0, 8);
