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
/** Kinds that wait behind the fault that stands for them. */
const MOST_KINDS = 5;

export class TargetModel {
  readonly ended: string[] = [];
  /** The first stands for all: it is asked about, and ends; of the others the newest of a kind. */
  waiting: readonly Fault[] = [];
  running: readonly Fault[] = [];
  /** Nobody wants to hear of it. */
  protected isMuted: (fault: Fault) => boolean = () => false;
  /** It is looked at later. */
  protected isHeld: (fault: Fault) => boolean = () => false;
  private cooldown: { since: number; sinceMs: number; gravity: number } | undefined;
  private good = new Map<string, number>();
  private lasting: [type: string, happenedMs: number] | undefined;

  fault(fault: Fault, now: number) {
    const why = this.objection(fault, now);
    if (why) return this.end(why, fault);
    this.wait([fault]);
    this.lookAgain(now);
  }

  /** Whatever is not to be diagnosed any more, or not now, is not. */
  lookAgain(now: number) {
    const { running, waiting: [next] } = this;
    const [asked] = running;
    const why = asked && this.objection(asked, now);
    // Something graver is diagnosed next, and nobody waits for the lesser diagnosis.
    const isOvertaken = asked && next && next.gravity < asked.gravity;
    if (why || isOvertaken || asked && this.isHeld(asked)) {
      this.running = [];
      this.wait(why ? this.left(running, why, (fault) => !this.objection(fault, now)) : running);
    }
    this.turn(now);
  }

  /** Ends all that is older and of a kind that it cures; whatever is left waits on. */
  recovery(
    type: string,
    { happenedMs, heardMs }: Pick<Fault, "happenedMs" | "heardMs">,
    now: number,
  ) {
    const { running, waiting } = this;
    if (waiting[0] || running[0]) this.lasting = [type, happenedMs];
    this.good.set(type, Math.max(happenedMs, this.good.get(type) ?? 0));
    const isLeft = (fault: Fault) =>
      Math.min(fault.happenedMs, heardMs) > happenedMs || !cures(type, fault.type);
    this.waiting = this.left(waiting, "recovered", isLeft);
    this.running = this.left(running, "recovered", isLeft);
    if (this.running[0] !== running[0]) {
      const left = this.running;
      this.running = [];
      this.wait(left);
    }
    this.lookAgain(now);
  }

  answered(now: number, wallMs: number) {
    const [asked] = this.running;
    this.lookAgain(now);
    if (!asked || this.running[0] !== asked) return;
    this.cooldown = { since: now, sinceMs: wallMs, gravity: asked.gravity };
    this.end("answered", asked);
    this.running = [];
    this.turn(now);
  }

  failed(now: number) {
    const [asked] = this.running;
    this.lookAgain(now);
    const [same, ...rest] = this.running;
    if (!asked || same !== asked) return;
    const failures = (asked.failures ?? 0) + 1;
    const notBefore = now + (RETRY_MS[failures - 1] ?? 300_000);
    this.running = [];
    this.wait([{ ...asked, failures, notBefore }, ...rest]);
    this.turn(now);
  }

  /** Killed: what waited and what ran come back as one, and are tried at once. */
  restarted(now: number, wallMs: number) {
    const [kept] = this.waiting = merged(this.running, this.waiting);
    if (kept) this.waiting = [{ ...kept, notBefore: 0 }, ...this.waiting.slice(1)];
    this.running = [];
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
    const [next] = waiting;
    if (this.running[0] || !next || (next.notBefore ?? 0) > now || this.isHeld(next)) return;
    const why = this.objection(next, now);
    if (!why) {
      this.running = waiting;
      this.waiting = [];
      return;
    }
    this.waiting = this.left(waiting, why, (fault) => !this.objection(fault, now));
    this.turn(now);
  }

  /** Why a fault is not diagnosed. */
  private objection(fault: Fault, now: number): string | undefined {
    const { type, gravity, happenedMs, heardMs } = fault;
    const isOver = [...this.good].some(([good, atMs]) =>
      Math.min(atMs, heardMs) > happenedMs && cures(good, type)
    );
    if (isOver) return "recovered";
    if (this.isMuted(fault)) return "silenced";
    const { cooldown } = this;
    const cools = cooldown !== undefined && gravity >= cooldown.gravity &&
      now < cooldown.since + COOLDOWN_MS;
    return cools ? "cooldown" : undefined;
  }

  /** Of two that wait the graver stays, of two as grave the newer. */
  private wait(faults: readonly Fault[]) {
    const { waiting } = this;
    const [kept, ...others] = merged(faults, waiting);
    if (!kept) return;
    const [one, other] = [faults[0], waiting[0]];
    if (one && other) this.end("coalesced", kept.id === one.id ? other : one);
    // News of a target is a reason to try at once, but not what has just failed.
    const isNews = other && !one?.failures;
    this.waiting = [isNews ? { ...kept, notBefore: 0 } : kept, ...others];
  }

  /** What is left of them. Something ends only with the last: the others ended when it came. */
  private left(faults: readonly Fault[], why: string, isLeft: (fault: Fault) => boolean) {
    const left = faults.filter(isLeft);
    const [stood] = faults;
    if (!stood || left.includes(stood)) return left;
    const worst = left.toSorted((one, other) => one.id - other.id)
      .reduce<Fault | undefined>(
        (one, other) => one && outranks(one, other) ? one : other,
        undefined,
      );
    if (!worst) this.end(why, stood);
    const untried = worst && { ...worst, failures: 0, notBefore: 0 };
    return untried ? [untried, ...left.filter((fault) => fault !== worst)] : [];
  }

  private end(outcome: string, fault: Fault) {
    this.ended.push(`${outcome} ${fault.id}`);
  }
}

function outranks(one: Fault, other: Fault): boolean {
  if (one.gravity !== other.gravity) return one.gravity < other.gravity;
  const latest = Math.min(one.heardMs, other.heardMs);
  const newer = Math.min(one.happenedMs, latest) - Math.min(other.happenedMs, latest);
  return newer !== 0 ? newer > 0 : one.id > other.id;
}

/** Both as one: of each kind, a type of one severity, the newest, behind the worst of all. */
function merged(some: readonly Fault[], more: readonly Fault[]): readonly Fault[] {
  const [one, other] = [some[0], more[0]];
  if (!one || !other) return one ? some : more;
  const [kept, lesser] = outranks(one, other) ? [some, more] : [more, some];
  const kinds: Fault[] = [];
  for (const fault of [...kept, ...lesser.slice(1), ...lesser.slice(0, 1)]) {
    const at = kinds.findIndex(({ type, gravity }) =>
      type === fault.type && gravity === fault.gravity
    );
    const known = kinds[at];
    if (!known) kinds.push(fault);
    else if (at > 0 && outranks(fault, known)) kinds[at] = fault;
  }
  while (kinds.length > 1 + MOST_KINDS) {
    const least = Math.max(...kinds.slice(1).map(({ gravity }) => gravity));
    kinds.splice(kinds.findLastIndex(({ gravity }) => gravity === least), 1);
  }
  return kinds;
}
