/**
 * What becomes of the events of one target, in one page: the decisions that the pipeline has to
 * come to, without queue, journal, promises or timers. Times ending in `Ms` are wall-clock
 * milliseconds, the others count steadily.
 *
 * @module
 */
import { cures } from "../../lib/event/cures.ts";

export interface Fault {
  readonly id: number;
  readonly type: string;
  /** 0 critical to 3 info. */
  readonly gravity: number;
  readonly heardMs: number;
  /** Never later than that. */
  readonly happenedMs: number;
  readonly failures?: number;
  /** Not tried before. */
  readonly notBefore?: number;
}

export const COOLDOWN_MS = 300_000;
const RETRY_MS = [30_000, 60_000, 120_000, 240_000, 300_000];
const WALL_BEGINS_MS = Date.UTC(2020, 0);

export class TargetModel {
  readonly ended: string[] = [];
  waiting: Fault | undefined;
  running: Fault | undefined;
  /** Nobody wants to hear of it. */
  protected isMuted: (fault: Fault) => boolean = () => false;
  /** It is looked at later. */
  protected isHeld: (fault: Fault) => boolean = () => false;
  private cooldown: { since: number; sinceMs: number; gravity: number } | undefined;
  private good = new Map<string, number>();
  private lasting: [type: string, happenedMs: number] | undefined;

  fault(fault: Fault, now: number) {
    if (this.isOver(fault)) return this.end("recovered", fault);
    if (this.isMuted(fault)) return this.end("silenced", fault);
    if (this.cools(fault, now)) return this.end("cooldown", fault);
    this.wait(fault);
    // Something graver is diagnosed next, and nobody waits for the lesser diagnosis.
    if (this.waiting && this.running && this.waiting.gravity < this.running.gravity) {
      this.end("coalesced", this.running);
      this.running = undefined;
    }
    this.lookAgain(now);
  }

  /** Whatever is not to be diagnosed any more, or not now, is not. */
  lookAgain(now: number) {
    const { running } = this;
    if (running && this.isMuted(running)) this.running = this.end("silenced", running);
    else if (running && this.isHeld(running)) {
      this.running = undefined;
      this.wait(running);
    }
    this.turn(now);
  }

  recovery(
    type: string,
    { happenedMs, heardMs }: Pick<Fault, "happenedMs" | "heardMs">,
    now: number,
  ) {
    if (this.waiting || this.running) this.lasting = [type, happenedMs];
    this.good.set(type, Math.max(happenedMs, this.good.get(type) ?? 0));
    const over = (fault?: Fault) =>
      fault && Math.min(fault.happenedMs, heardMs) <= happenedMs && cures(type, fault.type);
    if (over(this.waiting)) this.waiting = this.end("recovered", this.waiting);
    if (over(this.running)) this.running = this.end("recovered", this.running);
    this.lookAgain(now);
  }

  answered(now: number, wallMs: number) {
    const { running } = this;
    this.lookAgain(now);
    if (!running || this.running !== running) return;
    this.cooldown = { since: now, sinceMs: wallMs, gravity: running.gravity };
    this.running = this.end("answered", running);
    this.turn(now);
  }

  failed(now: number) {
    const { running } = this;
    this.lookAgain(now);
    if (!running || this.running !== running) return;
    const failures = (running.failures ?? 0) + 1;
    const notBefore = now + (RETRY_MS[failures - 1] ?? 300_000);
    this.running = undefined;
    this.wait({ ...running, failures, notBefore });
    this.turn(now);
  }

  /** Killed: what waited and what ran come back as one, and are tried at once. */
  restarted(now: number, wallMs: number) {
    const [one, other] = [this.waiting, this.running];
    const kept = one && other ? (outranks(one, other) ? one : other) : one ?? other;
    this.waiting = kept && { ...kept, notBefore: 0 };
    this.running = undefined;
    this.good = new Map(this.lasting ? [this.lasting] : []);
    if (this.cooldown) {
      const { sinceMs } = this.cooldown;
      const passed = sinceMs < WALL_BEGINS_MS || wallMs < sinceMs ? 0 : wallMs - sinceMs;
      this.cooldown = { ...this.cooldown, since: now - passed };
    }
    this.turn(now);
  }

  /** What waits gets its turn, when it is due. */
  turn(now: number) {
    const { waiting } = this;
    if (this.running || !waiting || (waiting.notBefore ?? 0) > now || this.isHeld(waiting)) return;
    this.waiting = undefined;
    if (this.isMuted(waiting)) this.end("silenced", waiting);
    else if (this.cools(waiting, now)) this.end("cooldown", waiting);
    else this.running = waiting;
  }

  private isOver({ type, happenedMs, heardMs }: Fault): boolean {
    return [...this.good].some(([good, atMs]) =>
      Math.min(atMs, heardMs) > happenedMs && cures(good, type)
    );
  }

  private cools({ gravity }: Fault, now: number): boolean {
    const { cooldown } = this;
    return cooldown !== undefined && gravity >= cooldown.gravity &&
      now < cooldown.since + COOLDOWN_MS;
  }

  /** Of two that wait the graver stays, of two as grave the newer. */
  private wait(fault: Fault) {
    const { waiting } = this;
    if (!waiting) return void (this.waiting = fault);
    const [kept, other] = outranks(fault, waiting) ? [fault, waiting] : [waiting, fault];
    this.end("coalesced", other);
    // News of a target is a reason to try at once, but not what has just failed.
    this.waiting = fault.failures ? kept : { ...kept, notBefore: 0 };
  }

  private end(outcome: string, fault: Fault | undefined): undefined {
    this.ended.push(`${outcome} ${fault?.id}`);
  }
}

function outranks(one: Fault, other: Fault): boolean {
  if (one.gravity !== other.gravity) return one.gravity < other.gravity;
  const latest = Math.min(one.heardMs, other.heardMs);
  const newer = Math.min(one.happenedMs, latest) - Math.min(other.happenedMs, latest);
  return newer !== 0 ? newer > 0 : one.id > other.id;
}
