/**
 * The tracer of a run, where this program makes traces.
 *
 * @module
 */
import type { Clock } from "../../base/clock.ts";
import { BUILD } from "../../permissions/build.ts";
import { type CollectorEnvironment, collectorProblem } from "./collector.ts";
import { denoTracer, isTracing } from "./deno_tracer.ts";
import type { Build } from "../../permissions/grants.ts";
import type { Log } from "../../base/log/log.ts";
import { createTraces } from "../trace.ts";
import { VERSION } from "../../base/version.ts";

interface OpenTracesOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly build?: Build | null;
  readonly env?: CollectorEnvironment;
  readonly tracing?: boolean;
}

/**
 * An observer that traces, or undefined where no traces are made: because tracing is off, as it is
 * in every build but one by `compile --otel`, or because the environment would send them to another
 * place than the build says. The agent runs in any case; the log tells of the latter.
 */
export function openTraces(
  options: OpenTracesOptions,
): ReturnType<typeof createTraces> | undefined {
  const { clock, log, build = BUILD, env = (name) => Deno.env.get(name) } = options;
  const { tracing = isTracing() } = options;
  if (!tracing) return undefined;
  const collector = build?.site.collector;
  const reason = collector === undefined ? undefined : collectorProblem(env, collector);
  if (reason === undefined) return createTraces({ tracer: denoTracer(VERSION), clock, log });
  log.warning("traces_off", { reason });
  return undefined;
}
