/**
 * What silences mean for the events of one target, in half a page. Times are wall-clock
 * milliseconds.
 *
 * @module
 */
import { type Fault, TargetModel } from "./decisions_model.ts";

export interface ModelSilence {
  readonly service: string;
  /** Without one, it is about every type. */
  readonly type?: string;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** A silence that ends no later than this is waited for. */
export const WAITED_FOR_MS = 31 * 86_400_000;
/** An earlier clock cannot tell which silences have ended. */
export const CLOCKS_BEGIN_MS = Date.UTC(2020, 0);

export class SilencedModel extends TargetModel {
  silences: readonly ModelSilence[] = [];

  constructor(private readonly service: string, private readonly wallMs: () => number) {
    super();
  }

  protected override isMuted = (fault: Fault) => this.lastsMs(fault) > WAITED_FOR_MS;

  protected override isHeld = (fault: Fault) => {
    const lastsMs = this.lastsMs(fault);
    return lastsMs > 0 && lastsMs <= WAITED_FOR_MS;
  };

  /** How long the first silence that is about a fault lasts from now; 0 without one. */
  private lastsMs(fault: Fault): number {
    const now = this.wallMs();
    const silence = now < CLOCKS_BEGIN_MS
      ? undefined
      : this.silences.find((each) =>
        each.service === this.service && each.fromMs <= now && each.untilMs > now &&
        (each.type === undefined || each.type === fault.type)
      );
    return silence ? silence.untilMs - now : 0;
  }
}
