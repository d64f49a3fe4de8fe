/**
 * Claims that a test grants or refuses, and a list of all that the pipeline asks of them.
 *
 * @module
 */
import type { Coordination } from "../../lib/coordination/coordination.ts";
import type { Target } from "../../lib/event/target.ts";

type ClaimResult = Awaited<ReturnType<Coordination["claim"]>>;

interface Answers {
  /** What the `nth` request for a claim gets, from 1 on. @default it is granted */
  readonly claim?: (target: Target, nth: number) => Promise<ClaimResult | undefined>;
  /** Whether the claim is still ours when the `nth` write is about to begin. @default it is */
  readonly fence?: (nth: number) => Promise<boolean>;
}

interface RecordingCoordination extends Coordination {
  /** `claim piha/mosquitto 1`, `fence 300000`, `settle 300000`, `release`, in order. */
  readonly asked: readonly string[];
}

export function recordingCoordination({ claim, fence }: Answers = {}): RecordingCoordination {
  const asked: string[] = [];
  let claims = 0;
  let fences = 0;
  const done = (what: string) => {
    asked.push(what);
    return Promise.resolve();
  };
  const granted: ClaimResult = {
    kind: "claimed",
    claim: {
      shared: true,
      fence(cooldownMs) {
        asked.push(`fence ${cooldownMs}`);
        return fence?.(++fences) ?? Promise.resolve(true);
      },
      settle: (cooldownMs) => done(`settle ${cooldownMs}`),
      release: () => done("release"),
    },
  };
  return {
    asked,
    async claim(target, gravity) {
      asked.push(`claim ${target.node}/${target.service} ${gravity}`);
      return await claim?.(target, ++claims) ?? granted;
    },
    close: () => done("close"),
  };
}
