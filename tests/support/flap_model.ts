/**
 * Whether a service flaps: what docs/how-it-works.md says, without journal or bounds. Times are of
 * when something happened, not of when that was heard, in milliseconds that count steadily.
 *
 * @module
 */
export const FLAP_CHANGES = 3;
export const FLAP_WINDOW_MS = 3_600_000;

export class FlapModel {
  private newest = -Infinity;
  private isBad: boolean | undefined;
  private changes: number[] = [];

  heard(isBad: boolean, at: number) {
    // Good news of a service of which nothing is known is no change, and what is older is none.
    if (at < this.newest || (this.isBad === undefined && !isBad)) return;
    this.newest = at;
    if (this.isBad !== undefined && this.isBad !== isBad) this.changes.push(at);
    this.isBad = isBad;
  }

  flaps(now: number): boolean {
    return this.changes.filter((at) => now - at < FLAP_WINDOW_MS).length >= FLAP_CHANGES;
  }

  /** Killed: a single change is what every fault begins with, and is forgotten. */
  restarted() {
    const last = this.changes.at(-1);
    if (last !== undefined && this.changes.length > 1) this.newest = last;
    else Object.assign(this, new FlapModel());
  }
}
