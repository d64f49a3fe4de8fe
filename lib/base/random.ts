/** Eight random hexadecimal digits: a name that nobody guesses or meets twice. */
export const randomHex = (): string => crypto.randomUUID().slice(0, 8);
