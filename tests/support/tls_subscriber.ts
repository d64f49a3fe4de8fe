/**
 * Subscribes to the URL that is its argument and prints its log and the messages as JSON lines,
 * until its standard input ends. A process of its own, as certificate authorities are read at start.
 *
 * @module
 */
import { systemClock } from "../../lib/base/clock.ts";
import { createRedisIntake } from "../../lib/intake/pubsub.ts";
import { createLog, lineSink } from "../../lib/base/log/log.ts";
import { CHANNELS } from "./channels.ts";

const [url = ""] = Deno.args;
const stop = new AbortController();
const log = createLog({ level: "debug", write: lineSink(Deno.stdout), clock: systemClock });
const running = createRedisIntake({
  url,
  channels: CHANNELS,
  clock: systemClock,
  log,
  random: Math.random,
  onMessage: (bytes) => log.info("message", { text: new TextDecoder().decode(bytes) }),
}).run(stop.signal);
await Deno.stdin.readable.pipeTo(new WritableStream());
stop.abort();
await running;
