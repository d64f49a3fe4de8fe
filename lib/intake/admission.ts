import type { Clock } from "../base/clock.ts";
import { type RedisFailure, RedisUnusableError } from "../base/redis/failure.ts";

const RETRY_MS = 30_000; // what is refused is asked for again after this

/** Why a name is refused, as the log says it. */
export interface Refused extends RedisFailure {
  readonly retry_in_seconds: number;
}

/** Which of `names` Redis lets this user read; what it refuses is asked for again. */
export function createAdmission({ names, clock, ...each }: {
  readonly names: readonly string[];
  readonly clock: Clock;
  /** Rejects when it may not be read. */
  readonly ask: (name: string) => Promise<void>;
  /** Whether what `ask` rejected with is of that name alone. */
  readonly isRefusal: (error: unknown) => boolean;
  readonly failureOf: (error: unknown, name: string) => RedisFailure;
  /** One is refused while another is read; called at every try. */
  readonly onRefused: (name: string, failure: Refused) => void;
  /** Those that can be read, at first and after each change. */
  readonly onAdmitted: (names: readonly string[]) => void;
}) {
  let refused: ReadonlyMap<string, RedisFailure> = new Map();
  let told: string | undefined;
  let askAgainAt = 0;

  const admitted = () => names.filter((name) => !refused.has(name));

  return {
    admitted,
    refused: (): readonly string[] => [...refused.keys()],
    /** Whether what is refused is to be asked for again. */
    isDue: () => refused.size > 0 && clock.monotonic() >= askAgainAt,
    /** Asks for all of `wanted`, the refused among them. @throws {RedisUnusableError} when none is left. */
    async admit(wanted: readonly string[]): Promise<void> {
      const asked = wanted.map(async (name): Promise<[string, RedisFailure][]> => {
        try {
          await each.ask(name);
          return [];
        } catch (error) {
          if (!each.isRefusal(error)) throw error;
          return [[name, each.failureOf(error, name)]];
        }
      });
      refused = new Map((await Promise.all(asked)).flat());
      for (const [name, failure] of refused) {
        if (refused.size === names.length) throw new RedisUnusableError(failure);
        each.onRefused(name, { ...failure, retry_in_seconds: RETRY_MS / 1000 });
      }
      askAgainAt = clock.monotonic() + RETRY_MS;
      const able = admitted();
      if (told !== able.join()) each.onAdmitted(able);
      told = able.join();
    },
  };
}
