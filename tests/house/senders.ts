/** The neighbours that send events: what they see of the truth, in their own words. */
import { svcKey, type Target } from "../../lib/event/target.ts";
import { type Cause, type Fault, NODES, TARGETS, type Truth } from "./truth.ts";

type Json = Readonly<Record<string, unknown>>;
export type Publish = (event: Json) => void;

const iso = (ms: number) => new Date(ms).toISOString();

/** What an agent on a node sees of a service that is not well. */
function symptoms(cause: Cause): Json {
  switch (cause) {
    case "crash":
      return { status: "exited", exit_code: 139, restart_count: 0 };
    case "hang":
      return { status: "running", health: "unhealthy", failing_streak: 4, error: "timed out" };
    case "disk":
      return {
        status: "exited",
        exit_code: 1,
        log: "FATAL: could not write: No space left on device",
      };
    case "backup":
      return { status: "exited", exit_code: 0 };
    case "broker":
      return {
        status: "running",
        health: "unhealthy",
        error: "connect ECONNREFUSED mosquitto:1883",
      };
    case "update":
      return { status: "running", health: "starting", uptime_seconds: 40 };
    case "flap":
      return { status: "running", health: "unhealthy", error: "502 now and then" };
    case "bad_image":
      return { status: "restarting", exit_code: 1, restart_count: 9, log: "unknown directive" };
    case "link":
      return {};
  }
}

export interface Senders {
  /** Looks at the truth, and sends what changed or is still bad. */
  look(nowMs: number): void;
}

/** Agents on every node, the observer and the deploy scripts. */
export function senders(truth: Truth, publish: Publish): Senders {
  const bad = new Map<string, { readonly fault: Fault; toldMs: number }>();
  const firstSeen = new Map<string, number>();
  const away = new Set<string>();
  const full = new Set<string>();
  const isHa = ({ service }: Target) => service === "homeassistant";

  function tellBad(target: Target, { cause }: Fault, nowMs: number) {
    const common = { node: target.node, timestamp: iso(nowMs) };
    if (isHa(target)) {
      publish({
        ...common,
        type: "ha_websocket_dead",
        service: target.service,
        source: "ha-diag-agent",
        severity: "error",
        payload: { location_tag: "chelsty", ...symptoms(cause) },
      });
    } else if (cause === "crash" && target.service === "mosquitto") {
      publish({
        ...common,
        type: "containers_not_running",
        source: "stability-agent",
        severity: "error",
        message: "containers are not running",
        details: { containers: [{ name: target.service, ...symptoms(cause) }] },
      });
    } else {
      publish({
        ...common,
        type: "service_unhealthy",
        service: target.service,
        source: "node-agent",
        severity: cause === "disk" ? "critical" : "error",
        payload: symptoms(cause),
      });
    }
  }

  return {
    look(nowMs) {
      const at = { timestamp: iso(nowMs), source: "observer" };
      for (const node of NODES) {
        if (truth.isAway(node) !== away.has(node)) {
          const type = away.delete(node) ? "node_online" : "node_offline";
          if (type === "node_offline") away.add(node);
          publish({ ...at, type, node, severity: type === "node_online" ? "info" : "critical" });
        }
        if (!truth.isFull(node)) full.delete(node);
        else if (!full.has(node)) {
          full.add(node);
          publish({
            ...at,
            type: "disk_usage_high",
            node,
            service: "node",
            source: "stability-agent",
            severity: "warning",
            details: { used_pct: 98 },
          });
        }
      }
      for (const target of TARGETS) {
        const key = svcKey(target);
        const fault = truth.wrong(target);
        const before = bad.get(key);
        // Who is away sends nothing.
        if (truth.isAway(target.node)) continue;
        const firstMs = firstSeen.get(key) ?? nowMs;
        if (fault) firstSeen.set(key, firstMs);
        else firstSeen.delete(key);
        // The agent of this node waits for three checks that fail in a row.
        if (target.node === "vps" && nowMs - firstMs < 240_000 && fault) continue;
        if (fault && (!before || nowMs - before.toldMs >= 120_000)) {
          if (fault.cause === "bad_image" && !before) {
            for (const type of ["deployment_started", "deployment_completed"]) {
              publish({ ...at, ...target, type, source: "deploy", severity: "info" });
            }
          }
          tellBad(target, fault, nowMs);
          bad.set(key, { fault, toldMs: nowMs });
        } else if (!fault && before) {
          bad.delete(key);
          const type = isHa(target) ? "ha_websocket_recovered" : "service_recovered";
          publish({ ...at, ...target, type, source: "node-agent", severity: "info" });
        }
      }
    },
  };
}
