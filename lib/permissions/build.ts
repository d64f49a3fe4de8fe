/**
 * What this program was built for. The compile task puts a filled-in copy of this file into the
 * binary; from source there is no build.
 *
 * @module
 */
import type { Build } from "./grants.ts";

/** The build this program came from; null when it runs from source. */
export const BUILD: Build | null = null;
