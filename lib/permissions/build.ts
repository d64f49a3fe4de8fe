import type { Build } from "./grants.ts";

/**
 * The build this program came from; null when it runs from source. The compile task puts a filled-in
 * copy of this file into the binary.
 */
export const BUILD: Build | null = null;
