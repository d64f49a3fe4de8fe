import type { Clock } from "../../base/clock.ts";
import { BUILD } from "../../permissions/build.ts";
import { type Build, COLLECTOR_NAMES } from "../../permissions/grants.ts";
import { denoTracer, isTracing } from "./deno_tracer.ts";
import type { Log } from "../../base/log/log.ts";
import { createTraces, type Tracer } from "../trace.ts";
import { VERSION } from "../../base/version.ts";

type CollectorEnvironment = (name: typeof COLLECTOR_NAMES[number]) => string | undefined;

/** Where Deno's exporter sends to when nothing is said. */
const DEFAULT_COLLECTOR = "http://localhost:4318";
const TRACES_PATH = "/v1/traces";

/**
 * An observer that traces, or undefined where no traces are made: because tracing is off, as it is
 * in every build but one by `compile --otel`, or because the environment would send them to another
 * place than the build says. The agent runs in any case; the log tells of the latter.
 */
export function openTraces(
  { clock, log, build = BUILD, env = (name) => Deno.env.get(name), tracer = tracerOfDeno() }: {
    readonly clock: Clock;
    readonly log: Log;
    readonly build?: Build | null;
    readonly env?: CollectorEnvironment;
    readonly tracer?: Tracer | null;
  },
): ReturnType<typeof createTraces> | undefined {
  if (!tracer) return undefined;
  const collector = build?.site.collector;
  const reason = collector === undefined ? undefined : collectorProblem(env, collector);
  if (reason === undefined) return createTraces({ tracer, clock, log });
  log.warning("traces_off", { reason });
  return undefined;
}

const tracerOfDeno = () => isTracing() ? denoTracer(VERSION) : null;

/**
 * Why traces would not go to `collector`, with what to set; undefined where they do. Deno bakes in
 * that traces are made, not where they go: its exporter reads that from the environment of the
 * running program, and is not held by --allow-net. So a build knows its collector, and makes no
 * traces for another one.
 */
function collectorProblem(env: CollectorEnvironment, collector: string): string | undefined {
  const [general, own] = COLLECTOR_NAMES;
  const wanted = comparable(collector);
  const traces = env(own);
  if (traces) {
    if (comparable(traces) === `${wanted}${TRACES_PATH}`) return undefined;
    return `${own} is set to another place than this binary was built for: unset it`;
  }
  if (comparable(env(general) || DEFAULT_COLLECTOR) === wanted) return undefined;
  return `${general} is ${env(general) ? "another place than" : "unset, and"} this binary was ` +
    `built for ${collector}: set ${general}=${collector}`;
}

/** Two spellings of one URL made equal. */
function comparable(url: string): string {
  return (URL.canParse(url) ? new URL(url).href : url).replace(/\/$/, "");
}
