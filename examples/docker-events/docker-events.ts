/**
 * Publishes what happens to Docker's or Podman's containers as health events on Redis.
 *
 * It reads the stream of events of the engine's API (`GET /events`; Podman speaks it, too) and needs
 * no `docker`. What a person or a tool stopped is no fault, whatever its exit code.
 *
 * @module
 */
import { isObject } from "../lib/action.ts";
import { type EventsTo, sendEvent } from "../lib/redis.ts";

/** One event of the API, what of it counts. */
export interface EngineEvent {
  readonly Action: string;
  readonly Actor: { readonly ID: string; readonly Attributes: Readonly<Record<string, string>> };
  readonly timeNano: number;
  /** Podman's; Docker has it in the action. */
  readonly HealthStatus?: string;
}

/** An event as the agent takes it. */
export interface HealthEvent {
  readonly node: string;
  readonly service: string;
  readonly type: string;
  readonly severity: "info" | "warning" | "error";
  readonly timestamp: number;
  readonly source: "docker-events";
  readonly payload: Readonly<Record<string, unknown>>;
}

/** Signals that end nothing: SIGHUP, SIGUSR1, SIGUSR2, SIGWINCH. */
const HARMLESS = new Set(["1", "10", "12", "28", "HUP", "USR1", "USR2", "WINCH"]);
/** A stop that was asked for longer ago has nothing to do with an end now. */
const ASKED_MS = 600_000;
/** Podman tells of the stop behind the end, Docker of an OOM kill shortly before it. */
const HOLD_MS = 2_000;
const MOST_CONTAINERS = 10_000;

/** From the engine's events to health events; `publish` is called for each, some 2 s later. */
export function createTranslator(
  node: string,
  publish: (event: HealthEvent) => void,
  after: (ms: number, run: () => void) => () => void,
) {
  const asked = new Map<string, number>();
  const held = new Map<string, { readonly event: HealthEvent; readonly cancel: () => void }>();

  function remember<T>(map: Map<string, T>, id: string, value: T): void {
    map.delete(id);
    map.set(id, value);
    for (const oldest of map.keys()) if (map.size > MOST_CONTAINERS) map.delete(oldest);
  }

  /** Publishes after a while unless something explains it until then. */
  function hold(id: string, event: HealthEvent): void {
    release(id);
    remember(held, id, { event, cancel: after(HOLD_MS, () => release(id)) });
  }
  function release(id: string): void {
    const event = drop(id);
    if (event) publish(event);
  }
  function drop(id: string): HealthEvent | undefined {
    const kept = held.get(id);
    held.delete(id);
    kept?.cancel();
    return kept?.event;
  }

  return (event: EngineEvent): void => {
    const { Action, Actor: { ID: id, Attributes: attributes }, timeNano } = event;
    const ms = timeNano / 1e6;
    const tell = (
      type: string,
      severity: HealthEvent["severity"],
      more: Readonly<Record<string, unknown>> = {},
    ): HealthEvent => ({
      node,
      service: serviceOf(attributes),
      type,
      severity,
      timestamp: ms / 1000,
      source: "docker-events",
      payload: { container: attributes.name, image: attributes.image, ...more },
    });
    const health = /^health_status: *(\w+)/.exec(Action)?.[1] ??
      (Action === "health_status" ? event.HealthStatus : undefined);
    if (health === "healthy") publish(tell("container_healthy", "info"));
    else if (health === "unhealthy") publish(tell("container_unhealthy", "error"));
    else if (Action === "kill") {
      if (!HARMLESS.has((attributes.signal ?? "").replace(/^SIG/, ""))) remember(asked, id, ms);
    } else if (Action === "stop" || Action === "destroy" || Action === "remove") {
      drop(id);
    } else if (Action === "start") {
      release(id);
      asked.delete(id);
      publish(tell("container_started", "info"));
    } else if (Action === "oom") {
      asked.delete(id);
      hold(id, tell("container_oom", "warning"));
    } else if (Action === "die") {
      const code = Number(attributes.exitCode ?? attributes.containerExitCode);
      const wasAsked = ms - (asked.get(id) ?? -Infinity) < ASKED_MS;
      const oom = drop(id) !== undefined;
      asked.delete(id);
      const facts = { exit_code: code };
      if (oom) publish(tell("container_oom_killed", "error", { ...facts, oom_killed: true }));
      // 143 is SIGTERM: somebody asked for it, if only inside the container.
      else if (!wasAsked && code !== 0 && code !== 143) {
        hold(id, tell("container_exited", "error", facts));
      }
    }
  };
}

/** Compose's name for a service where the container's name is made of it, else the container's. */
function serviceOf(attributes: Readonly<Record<string, string>>): string {
  // While compose puts a new container in its place, the old one has its id before its name.
  const name = (attributes.name ?? "").replace(/^[0-9a-f]{12}_/, "");
  const swarm = attributes["com.docker.swarm.service.name"];
  if (swarm) return swarm;
  const project = attributes["com.docker.compose.project"];
  const service = attributes["com.docker.compose.service"];
  if (!project || !service || !/[-_]\d+$/.test(name)) return name;
  // Two projects may both have a `db`.
  return project === service ? service : `${project}-${service}`;
}

export interface Settings {
  readonly node: string;
  /** A socket's path, or `http://HOST:PORT` of a proxy before it. */
  readonly engine: string;
  readonly redis: EventsTo;
}

/** The lines of the engine's answer, from `since` (seconds) on, until it ends. */
async function* engineEvents(engine: string, since: number): AsyncGenerator<EngineEvent> {
  const isSocket = engine.startsWith("/");
  using client = isSocket
    ? Deno.createHttpClient({ proxy: { transport: "unix", path: engine } })
    : undefined;
  const filters = JSON.stringify({ type: ["container"] });
  const query = new URLSearchParams({ filters, since: String(since) });
  const url = `${isSocket ? "http://localhost" : engine}/events?${query}`;
  const response = await fetch(url, client && { client });
  if (!response.ok || response.body === null) {
    throw new TypeError(`the engine answers with status ${response.status}`);
  }
  let rest = "";
  for await (const piece of response.body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + piece).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const event = engineEvent(line);
      if (event) yield event;
    }
  }
}

/** A line of the stream; undefined for what is not about a container. */
export function engineEvent(line: string): EngineEvent | undefined {
  let event: unknown;
  try {
    event = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (!isObject(event) || event.Type !== "container" || !isObject(event.Actor)) return undefined;
  const { Action, Actor: { ID, Attributes }, timeNano, HealthStatus } = event;
  if (typeof Action !== "string" || typeof ID !== "string" || !isObject(Attributes)) {
    return undefined;
  }
  if (typeof timeNano !== "number") return undefined;
  const texts = Object.entries(Attributes).filter((entry): entry is [string, string] =>
    typeof entry[1] === "string"
  );
  return {
    Action,
    Actor: { ID, Attributes: Object.fromEntries(texts) },
    timeNano,
    ...typeof HealthStatus === "string" && { HealthStatus },
  };
}

/** Sends in order, and keeps the newest 1,000 while Redis is away. */
function createSender(to: EventsTo, log: (line: object) => void) {
  const waiting: HealthEvent[] = [];
  let sending = false;
  async function drain() {
    sending = true;
    for (let failures = 0; waiting.length > 0;) {
      const [event] = waiting;
      try {
        if (event) await sendEvent(to, event);
        waiting.shift();
        if (failures > 0) log({ event: "redis_back", after_failures: failures });
        failures = 0;
      } catch (error) {
        if (failures++ === 0) log({ event: "redis_unavailable", why: String(error) });
        await sleep(Math.min(60_000, 1_000 * 2 ** Math.min(failures, 6)));
      }
    }
    sending = false;
  }
  return (event: HealthEvent) => {
    if (waiting.length >= 1_000) waiting.shift();
    waiting.push(event);
    log({ event: "published", type: event.type, service: event.service });
    if (!sending) void drain();
  };
}

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Follows the engine for good; after a break from where it was. */
async function follow({ node, engine, redis }: Settings, log: (line: object) => void) {
  const translate = createTranslator(node, createSender(redis, log), (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  });
  let lastNano = Date.now() * 1e6;
  for (;;) {
    try {
      for await (const event of engineEvents(engine, Math.floor(lastNano / 1e9))) {
        if (event.timeNano <= lastNano) continue;
        lastNano = event.timeNano;
        translate(event);
      }
      log({ event: "engine_ended" });
    } catch (error) {
      log({ event: "engine_unavailable", why: String(error) });
    }
    await sleep(5_000);
  }
}

if (import.meta.main) {
  const env = (name: string, otherwise: string) => Deno.env.get(name) || otherwise;
  const log = (line: object) =>
    void Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(line)}\n`));
  const node = env("NODE_NAME", "");
  if (node === "") {
    log({ event: "settings_wrong", why: "NODE_NAME is needed: this machine's name in the events" });
    Deno.exit(2);
  }
  await follow({
    node,
    engine: env("ENGINE", "/run/docker.sock"),
    redis: {
      url: env("REDIS_URL", "redis://127.0.0.1:6379"),
      name: env("CHANNEL", "health_events"),
      intake: env("INTAKE", "pubsub") === "streams" ? "streams" : "pubsub",
    },
  }, log);
}
