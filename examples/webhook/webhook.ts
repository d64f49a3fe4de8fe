/**
 * Receives what Alertmanager, Grafana, Uptime Kuma and Gatus send when something is wrong or well
 * again, and publishes an event of each alert on Redis.
 *
 * @module
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { isObject } from "../lib/action.ts";
import { type EventsTo, sendEvent } from "../lib/redis.ts";

/** An event as the agent takes it. Without a timestamp it counts from its arrival. */
export interface HealthEvent {
  readonly node: string;
  readonly service: string;
  readonly type: string;
  readonly severity: string;
  readonly source: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** A body that is not what the sender documents; the message says what is missing. */
export class AlertError extends Error {
  override readonly name = "AlertError";
}

type Fields = Readonly<Record<string, unknown>>;

/** Larger bodies are refused, in bytes. */
const MOST_BYTES = 262_144;
const MOST_ALERTS = 200;
const LONGEST_NAME = 200;
const LONGEST_TEXT = 1_000;

/** Turns the body of one request into events; `node` is used where the alert names none. */
export type Receive = (body: unknown, node: string) => HealthEvent[];

export const RECEIVERS: Readonly<Record<string, Receive>> = {
  "/alertmanager": (body, node) => prometheusAlerts(body, { node, source: "alertmanager" }),
  "/grafana": (body, node) => prometheusAlerts(body, { node, source: "grafana" }),
  "/uptime-kuma": uptimeKuma,
  "/gatus": gatus,
  "/event": (body) => [ownEvent(body)],
};

/**
 * Alertmanager's webhook (version 4), which Grafana's follows: an event of each alert.
 *
 * `startsAt` is not the event's time: an alert is sent again every few hours while it lasts, and
 * what happened hours ago is too old to be repaired. It is in the payload, as `since`.
 */
function prometheusAlerts(
  body: unknown,
  { node, source }: { readonly node: string; readonly source: string },
): HealthEvent[] {
  const { alerts } = fields(body, "the body");
  if (!Array.isArray(alerts)) throw new AlertError("there is no list of alerts in it");
  return alerts.slice(0, MOST_ALERTS).map((entry) => {
    const { status, labels: labelled, annotations: annotated, startsAt } = fields(entry, "alert");
    const [labels, annotations] = [fieldsOr(labelled), fieldsOr(annotated)];
    const alert = text(labels.alertname) || "alert";
    const where = text(labels.node) || text(labels.nodename) || text(labels.host) ||
      text(labels.instance).replace(/:\d+$/, "") || node;
    const service = text(labels.service) || text(labels.container) || text(labels.name);
    const isNode = service === "" && /^(node|host|instance|target)_?(is_?)?down$/i.test(alert);
    return eventOf({
      node: where,
      // Two alerts about a node are two faults; one must not stand for the other.
      service: isNode ? where : service || alert,
      type: isNode ? "node_offline" : alert,
      // An alert that says itself that it is over ends that alert, and no other of the service.
      well: status === "resolved" ? isNode ? "node_online" : alert : undefined,
      severity: text(labels.severity) || "warning",
      source,
      payload: {
        alert,
        status: text(status),
        since: text(startsAt),
        summary: text(annotations.summary, LONGEST_TEXT),
        description: text(annotations.description, LONGEST_TEXT),
        labels: Object.fromEntries(
          Object.entries(labels).slice(0, 30).map(([key, value]) => [text(key), text(value)]),
        ),
      },
    });
  });
}

/** Uptime Kuma's webhook: an event of each heartbeat that matters; a test has none. */
function uptimeKuma(body: unknown, node: string): HealthEvent[] {
  const { heartbeat: beat, monitor: about } = fields(body, "the body");
  if (beat === null || beat === undefined) return [];
  const [heartbeat, monitor] = [fields(beat, "heartbeat"), fieldsOr(about)];
  // 0 is down, 1 up; 2 is pending, 3 maintenance.
  if (heartbeat.status !== 0 && heartbeat.status !== 1) return [];
  const tags = (Array.isArray(monitor.tags) ? monitor.tags : []).map(fieldsOr);
  const tag = (name: string) => text(tags.find((one) => one.name === name)?.value);
  const service = tag("service") || text(monitor.name);
  if (service === "") throw new AlertError("the monitor has no name");
  return [eventOf({
    node: tag("node") || node,
    service,
    type: "service_down",
    well: heartbeat.status === 1 ? "service_recovered" : undefined,
    severity: tag("severity") || "error",
    source: "uptime-kuma",
    payload: {
      monitor: text(monitor.pathName) || text(monitor.name),
      kind: text(monitor.type),
      message: text(heartbeat.msg, LONGEST_TEXT),
    },
  })];
}

/** The body that README gives for Gatus' custom alert. */
function gatus(body: unknown, node: string): HealthEvent[] {
  const { endpoint, group, state, description, errors } = fields(body, "the body");
  if (state !== "TRIGGERED" && state !== "RESOLVED") {
    throw new AlertError("state is neither TRIGGERED nor RESOLVED");
  }
  if (text(endpoint) === "") throw new AlertError("endpoint is missing");
  return [eventOf({
    node: text(group) || node,
    service: text(endpoint),
    type: "service_down",
    well: state === "RESOLVED" ? "service_recovered" : undefined,
    severity: "error",
    source: "gatus",
    payload: {
      description: text(description, LONGEST_TEXT),
      errors: text(errors, LONGEST_TEXT),
    },
  })];
}

/** An event in the agent's own form, of anything that can make a request. */
function ownEvent(body: unknown): HealthEvent {
  const { node, service, type, severity, source, payload } = fields(body, "the body");
  if (text(type) === "" || text(node) === "") throw new AlertError("type and node are needed");
  return {
    node: text(node),
    service: text(service) || text(node),
    type: text(type),
    severity: text(severity) || "warning",
    source: text(source) || "webhook",
    payload: fieldsOr(payload),
  };
}

function eventOf(
  { well, ...alert }: HealthEvent & { readonly well: string | undefined },
): HealthEvent {
  const payload = Object.fromEntries(
    Object.entries(alert.payload).filter(([, value]) => value !== ""),
  );
  return well === undefined
    ? { ...alert, type: snakeCase(alert.type), payload }
    : { ...alert, type: snakeCase(well), severity: "info", payload };
}

/** `HostOutOfDiskSpace` as the agent's types are written: `host_out_of_disk_space`. */
function snakeCase(name: string): string {
  return name.replace(/([a-z0-9])([A-Z])|([A-Z])([A-Z][a-z])/g, "$1$3_$2$4")
    .toLowerCase().replace(/[^a-z0-9]+/g, "_").replace(/^_+|_+$/g, "") || "alert";
}

function fields(value: unknown, what: string): Fields {
  if (isObject(value)) return value;
  throw new AlertError(`${what} is no JSON object`);
}

function fieldsOr(value: unknown): Fields {
  return isObject(value) ? value : {};
}

function text(value: unknown, longest = LONGEST_NAME): string {
  return typeof value === "string" || typeof value === "number"
    ? String(value).slice(0, longest).toWellFormed().trim()
    : "";
}

export interface Settings {
  readonly node: string;
  readonly token: string;
  readonly redis: EventsTo;
}

/** Answers one request: 200 only when Redis has every event, so that a sender may try again. */
export async function handle(
  request: Request,
  { node, token, redis }: Settings,
  log: (line: object) => void,
): Promise<Response> {
  const path = new URL(request.url).pathname;
  const receive = Object.hasOwn(RECEIVERS, path) ? RECEIVERS[path] : undefined;
  const answer = (status: number, why: string) => {
    log({ event: "request", path: receive ? path : "(unknown)", status, why });
    return new Response(`${why}\n`, { status });
  };
  if (!isAuthorized(request.headers.get("authorization"), token)) {
    await request.body?.cancel();
    return answer(401, "the token is missing or wrong: Authorization: Bearer TOKEN");
  }
  if (receive === undefined || request.method !== "POST") {
    await request.body?.cancel();
    return answer(404, `POST to ${Object.keys(RECEIVERS).join(", ")}`);
  }
  const body = await bounded(request);
  if (body === undefined) return answer(413, `more than ${MOST_BYTES} bytes`);
  let events: HealthEvent[];
  try {
    events = receive(JSON.parse(body), node);
  } catch (error) {
    if (!(error instanceof AlertError || error instanceof SyntaxError)) throw error;
    return answer(400, error instanceof AlertError ? error.message : "the body is no JSON");
  }
  try {
    for (const event of events) {
      if (await sendEvent(redis, event) > 0) continue;
      return answer(503, "nobody listens on the channel: is the agent running?");
    }
  } catch (error) {
    return answer(503, `Redis: ${error instanceof Error ? error.message : error}`);
  }
  return answer(200, `${events.length} published`);
}

function isAuthorized(header: string | null, token: string): boolean {
  const digest = (value: string) => createHash("sha256").update(value).digest();
  return timingSafeEqual(digest(header ?? ""), digest(`Bearer ${token}`));
}

async function bounded(request: Request): Promise<string | undefined> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for await (const piece of request.body ?? []) {
    size += piece.length;
    if (size > MOST_BYTES) return undefined;
    pieces.push(piece);
  }
  return await new Blob(pieces).text();
}

if (import.meta.main) {
  const env = (name: string, otherwise: string) => Deno.env.get(name) || otherwise;
  const log = (line: object) =>
    void Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(line)}\n`));
  const token = (await Deno.readTextFile(`${env("CREDENTIALS_DIRECTORY", ".")}/token`)).trim();
  if (token.length < 20) {
    log({ event: "settings_wrong", why: "the token has fewer than 20 characters" });
    Deno.exit(2);
  }
  const settings: Settings = {
    node: env("NODE_NAME", "unknown"),
    token,
    redis: {
      url: env("REDIS_URL", "redis://127.0.0.1:6379"),
      name: env("CHANNEL", "health_events"),
      intake: env("INTAKE", "pubsub") === "streams" ? "streams" : "pubsub",
    },
  };
  Deno.serve({
    hostname: "127.0.0.1",
    port: Number(env("PORT", "9711")),
    onListen: ({ port }) => log({ event: "webhook_started", port }),
    onError: (error) => {
      log({ event: "request_failed", why: String(error) });
      return new Response("failed\n", { status: 500 });
    },
  }, (request) => handle(request, settings, log));
}
