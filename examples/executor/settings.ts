/**
 * executor.json: what the executor may touch.
 *
 * @module
 */
import { isObject } from "../lib/action.ts";

/** What `executor.json` says of one service. */
export interface Target {
  /** Compose's project and service. */
  readonly project: string;
  readonly service: string;
  /** The compose file, needed for a redeploy. */
  readonly file?: string;
  /** `ssh://USER@HOST` of another machine's Docker; this machine's when left out. */
  readonly host?: string;
  readonly allow: readonly ("restart" | "redeploy")[];
}

export interface Settings {
  readonly runtimePath: string;
  /** Whose name stands in `transition_history`. */
  readonly by: string;
  /** Moves what requires no person from pending to approved by itself. */
  readonly approveUnrequired: boolean;
  readonly timeoutSeconds: number;
  readonly targets: ReadonlyMap<string, Target>;
}

/** A wrong executor.json; the message says which value and what it takes. */
export class SettingsError extends Error {
  override readonly name = "SettingsError";
}

/** Nothing a command line could read as more than a name. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/;
const TAKES: Readonly<Record<keyof Target, RegExp>> = {
  project: NAME,
  service: NAME,
  file: /^(\/[A-Za-z0-9][A-Za-z0-9._-]*)+\.ya?ml$/,
  host: /^ssh:\/\/([a-z_][a-z0-9_-]*@)?[A-Za-z0-9][A-Za-z0-9.-]*(:\d{1,5})?$/,
  allow: /^(restart|redeploy)(,(restart|redeploy))?$/,
};
const KEYS = ["runtime_path", "by", "approve_unrequired", "timeout_seconds", "targets"];

/** @throws {SettingsError} */
export function parseSettings(text: string): Settings {
  const wrong = (what: string): never => {
    throw new SettingsError(what);
  };
  const parse = (): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      return undefined;
    }
  };
  const all = parse();
  if (!isObject(all)) return wrong("it is not a JSON object");
  const unknown = Object.keys(all).find((key) => !KEYS.includes(key));
  if (unknown !== undefined) wrong(`${JSON.stringify(unknown)}: it takes ${KEYS.join(", ")}`);
  const {
    runtime_path = "/opt/homelab",
    by = "executor",
    approve_unrequired = false,
    timeout_seconds = 300,
    targets,
  } = all;
  if (typeof runtime_path !== "string" || !/^(\/[\w.@+-]+)+$/.test(runtime_path)) {
    return wrong("runtime_path: it takes an absolute path");
  }
  if (typeof by !== "string" || !NAME.test(by)) return wrong("by: it takes a name");
  if (typeof approve_unrequired !== "boolean") {
    return wrong("approve_unrequired: it takes true or false");
  }
  if (typeof timeout_seconds !== "number" || !(timeout_seconds >= 1 && timeout_seconds <= 3600)) {
    return wrong("timeout_seconds: it takes 1 to 3600");
  }
  if (!isObject(targets)) return wrong('targets: it takes {"NODE/SERVICE": {...}}');
  return {
    runtimePath: runtime_path,
    by,
    approveUnrequired: approve_unrequired,
    timeoutSeconds: timeout_seconds,
    targets: new Map(
      Object.entries(targets).map(([key, value]) => [key, targetOf(key, value, wrong)]),
    ),
  };
}

function targetOf(key: string, value: unknown, wrong: (what: string) => never): Target {
  if (!isObject(value)) return wrong(`${key}: it takes an object`);
  for (const [name, given] of Object.entries(value)) {
    const takes = Object.hasOwn(TAKES, name) ? TAKES[name as keyof Target] : undefined;
    if (!takes?.test(String(given))) wrong(`${key}: ${name} cannot be ${JSON.stringify(given)}`);
  }
  const { project, service, file, host, allow = ["restart"] } = value;
  if (!Array.isArray(allow)) return wrong(`${key}: allow takes a list`);
  if (typeof project !== "string" || typeof service !== "string") {
    return wrong(`${key}: project and service are needed`);
  }
  if (allow.includes("redeploy") && file === undefined) {
    return wrong(`${key}: a redeploy needs the compose file, "file"`);
  }
  return {
    project,
    service,
    allow,
    ...typeof file === "string" && { file },
    ...typeof host === "string" && { host },
  };
}
