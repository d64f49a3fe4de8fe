/**
 * Whether a node is away, in half a page: what docs/how-it-works.md says of `node_offline`, without
 * queue, journal or timers. Times are wall-clock milliseconds of when something happened.
 *
 * @module
 */
export class OutageModel {
  private since: number | undefined;
  private told = false;
  /** Events of the node's absence that have not ended; those that a crash made one, together. */
  private untold: number[][] = [];

  /** The node's services are not diagnosed. */
  get holds(): boolean {
    return this.since !== undefined && (this.told || this.untold.length > 0);
  }

  offline(id: number, happenedMs: number) {
    this.untold.push([id]);
    this.since = Math.max(happenedMs, this.since ?? -Infinity);
  }

  /** Good news of anything on the node, or a fault that could not happen on one that is away. */
  signOfLife(happenedMs: number, isFault: boolean) {
    const { since } = this;
    if (since === undefined || happenedMs < since || (isFault && happenedMs === since)) return;
    this.since = undefined;
    this.told = false;
  }

  /** What became of an event of the absence. */
  ended(id: number, outcome: string) {
    const untold = this.untold.filter((ids) => !ids.includes(id));
    if (untold.length === this.untold.length) return;
    this.untold = untold;
    if (outcome === "answered" && this.since !== undefined) this.told = true;
  }

  /**
   * Killed: what waited and what was being told come back as one. Of an absence that was told again
   * and again, the last minute may be forgotten.
   */
  restarted() {
    if (this.since !== undefined) this.since -= 60_000;
    if (this.untold.length > 0) this.untold = [this.untold.flat()];
  }
}
