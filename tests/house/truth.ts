/**
 * What really goes on in the simulated homelab, which nobody in it is told: what is wrong with a
 * service, and what a restart would do.
 */
import { svcKey, type Target } from "../../lib/event/target.ts";

export type Cause =
  | "crash"
  | "hang"
  | "disk"
  | "link"
  | "backup"
  | "broker"
  | "update"
  | "flap"
  | "bad_image";

const MINUTE = 60_000;

/** A fault, from when on, and how long it lasts if nobody does anything; milliseconds. */
export interface Fault extends Target {
  readonly cause: Cause;
  readonly at: number;
  readonly lastsMs: number;
}

const SERVICES: Readonly<Record<string, readonly string[]>> = {
  vps: ["traefik", "gitea", "caddy"],
  piha: ["mosquitto", "zigbee2mqtt", "postgres", "grafana"],
  solaria: ["whisper"],
  "chelsty-infra": ["mosquitto", "zigbee2mqtt"],
  "chelsty-ha": ["homeassistant"],
};

export const TARGETS: readonly Target[] = Object.entries(SERVICES)
  .flatMap(([node, services]) => services.map((service) => ({ node, service })));
export const NODES: readonly string[] = Object.keys(SERVICES);

/** What a restart of a service does to it now. */
export type Effect = "needed" | "needless" | "harmful" | "impossible";

export interface Truth {
  /** What is wrong with a service, undefined where nothing is. */
  wrong(target: Target): Fault | undefined;
  isAway(node: string): boolean;
  isFull(node: string): boolean;
  /** What a restart would do. */
  effect(target: Target): Effect;
  /** Restarts a service; the truth then goes on from there. */
  restart(target: Target): Effect;
  /** A person who was told mends what a restart cannot. */
  mend(target: Target): void;
  /** Moves on to `now`; returns the service minutes that were down since the last time. */
  advance(now: number): number;
}

/** Forever, as far as a week goes. */
const LASTING = 14 * 24 * 60 * MINUTE;

/** A week of faults, from midnight on. */
export function week(random: () => number): Fault[] {
  const faults: Fault[] = [];
  const at = (day: number, hour: number, spread = 6) =>
    ((day * 24 + hour) * 60 + Math.floor(random() * spread * 60)) * MINUTE;
  const put = (cause: Cause, target: string, when: number, lastsMs = LASTING) => {
    const [node = "", service = ""] = target.split("/");
    faults.push({ cause, node, service, at: when, lastsMs });
  };
  const some = ["vps/traefik", "vps/caddy", "piha/grafana", "solaria/whisper", "vps/gitea"];
  for (let day = 0; day < 7; day++) {
    put("crash", some[Math.floor(random() * some.length)] ?? "", at(day, 8));
    put("hang", some[Math.floor(random() * some.length)] ?? "", at(day, 16));
    put("backup", "piha/postgres", (day * 24 + 2) * 60 * MINUTE, 12 * MINUTE);
  }
  for (const day of [1, 3, 5]) {
    const when = at(day, 11);
    for (const node of ["chelsty-infra", "chelsty-ha"]) {
      for (const { service } of TARGETS.filter((target) => target.node === node)) {
        put("link", `${node}/${service}`, when, 25 * MINUTE);
      }
    }
  }
  for (const day of [0, 4]) put("update", "chelsty-ha/homeassistant", at(day, 6), 4 * MINUTE);
  for (const day of [2, 6]) put("crash", "piha/mosquitto", at(day, 9, 3));
  put("disk", "piha/postgres", at(3, 13));
  put("flap", "vps/gitea", at(5, 18, 2), 60 * MINUTE);
  put("bad_image", "vps/caddy", at(4, 13, 2));
  return faults.sort((a, b) => a.at - b.at);
}

/** A flapping service is bad for two minutes of four. */
const isBadMoment = (now: number) => Math.floor(now / (2 * MINUTE)) % 2 === 0;

/** Time stands at 0. */
export function truthOf(faults: readonly Fault[]): Truth {
  const current = new Map<string, Fault>();
  let coming = [...faults];
  let now = 0;

  /** Who talks to a broker suffers while it is down. */
  function broker({ node, service }: Target): Fault | undefined {
    const isDown = service === "zigbee2mqtt" && current.has(svcKey({ node, service: "mosquitto" }));
    return isDown ? { node, service, cause: "broker", at: now, lastsMs: 0 } : undefined;
  }

  function wrong(target: Target): Fault | undefined {
    const fault = current.get(svcKey(target)) ?? broker(target);
    return fault?.cause === "flap" && !isBadMoment(now) ? undefined : fault;
  }

  function effect(target: Target): Effect {
    const fault = wrong(target);
    switch (fault?.cause) {
      case "crash":
      case "hang":
        return "needed";
      case "link":
        return "impossible";
      case "broker":
      case "flap":
      case "bad_image":
        return "needless";
      case "disk":
      case "backup":
      case "update":
      case undefined:
        return "harmful";
    }
  }

  return {
    wrong,
    effect,
    isAway: (node) => [...current.values()].some((f) => f.node === node && f.cause === "link"),
    isFull: (node) => [...current.values()].some((f) => f.node === node && f.cause === "disk"),
    restart(target) {
      const done = effect(target);
      if (done === "needed") current.delete(svcKey(target));
      return done;
    },
    mend: (target) => void current.delete(svcKey(target)),
    advance(to) {
      const minutes = (to - now) / MINUTE;
      const down = TARGETS.filter((target) => wrong(target)).length * minutes;
      now = to;
      for (const [key, { at, lastsMs }] of current) if (at + lastsMs <= now) current.delete(key);
      const begun = coming.filter(({ at }) => at <= now);
      coming = coming.slice(begun.length);
      // What is broken already does not break once more.
      for (const fault of begun) if (!current.has(svcKey(fault))) current.set(svcKey(fault), fault);
      return down;
    },
  };
}
