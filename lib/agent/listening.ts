/**
 * The intake that the configuration asks for, connected to the pipeline.
 *
 * @module
 */
import type { Coordination } from "../coordination/coordination.ts";
import { createRedisIntake } from "../intake/pubsub.ts";
import type { RedisState } from "../intake/listener.ts";
import { entriesInHand } from "../intake/streams/hand.ts";
import type { Planner } from "../planner.ts";
import type { AgentOptions } from "./parts.ts";

interface ListeningOptions extends Pick<AgentOptions, "config" | "clock" | "log" | "random"> {
  readonly planner: Pick<Planner, "receive">;
  readonly onState: (state: RedisState) => void;
}

/** After the stop signal, the pipeline's grace and the last receipts are waited for. */
const LINGER_MS = 8_000;

export async function openListening(options: ListeningOptions) {
  const { config, clock, log, random, planner, onState } = options;
  const url = config.redisUrl;
  if (config.intake === "pubsub") {
    const intake = createRedisIntake({
      url,
      channels: config.channels,
      clock,
      log,
      random,
      onMessage: planner.receive,
      onState,
    });
    return { run: intake.run, leaveRest: () => {} };
  }
  // Loaded only where it is used: memory is short on a node.
  const { claimIdleMs, createStreamsIntake } = await import("../intake/streams.ts");
  const open = new Set<() => void>();
  const intake = createStreamsIntake({
    url,
    clock,
    log,
    random,
    onState,
    streams: config.streams,
    group: config.streamGroup,
    consumer: config.nodeName,
    limit: entriesInHand(config),
    claimIdleMs: config.streamClaimSeconds * 1000 || claimIdleMs({
      links: config.chain.length,
      attempts: config.attemptsPerLink,
      timeoutSeconds: config.timeoutSeconds,
    }),
    lingerMs: LINGER_MS,
    onEntry(bytes, stream, settle, { id, deliveries }) {
      const leave = () => settle("left");
      open.add(leave);
      const settled = () => {
        open.delete(leave);
        settle("settled");
      };
      const sentMs = Number.parseInt(id, 10);
      planner.receive(bytes, stream, { settled, sentMs, redelivered: deliveries > 1 });
    },
  });
  return {
    run: intake.run,
    /** Leaves what has no outcome to others: the pipeline has stopped. */
    leaveRest() {
      for (const leave of open) leave();
    },
  };
}

/** Opens what several planners agree through, where the configuration asks for it. */
export async function coordinationOf(
  { config, clock, log, random }: Omit<ListeningOptions, "planner" | "onState">,
): Promise<((instance: string) => Coordination) | undefined> {
  if (config.coordination === "off") return undefined;
  const { createRedisCoordination } = await import("../coordination/redis_coordination.ts");
  return (instance) =>
    createRedisCoordination({
      url: config.redisUrl,
      nodeName: config.nodeName,
      clock,
      log,
      random,
      newToken: () => crypto.randomUUID(),
      instance,
    });
}
