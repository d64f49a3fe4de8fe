/**
 * The ceiling that agents are compared with: subscribes to both channels with ioredis, parses
 * each message as JSON and does nothing else, but for a file by which the benchmark sees that
 * everything before it was read.
 *
 * @module
 */
import { Redis } from "ioredis";
import { SENTINEL } from "./events.ts";

const pending = `${Deno.env.get("RUNTIME_PATH") ?? "."}/actions/pending`;
const redis = new Redis(Deno.env.get("REDIS_URL") ?? "");

redis.on("message", (_channel: string, message: string) => {
  const event = JSON.parse(message) as { readonly service?: unknown };
  if (typeof event.service === "string" && event.service.startsWith(SENTINEL)) {
    Deno.writeTextFileSync(`${pending}/bare-${event.service}-0.json`, message);
  }
});
await redis.subscribe("health_events", "world_updates");
Deno.addSignalListener("SIGTERM", () => Deno.exit(0));
