/**
 * The tracer of a run, where this program makes traces.
 *
 * @module
 */
import { BUILD } from "../../permissions/build.ts";
import { type CollectorEnvironment, collectorProblem } from "./collector.ts";
import { denoTracer, isTracing } from "./deno_tracer.ts";
import type { Build } from "../../permissions/grants.ts";
import type { Log } from "../../base/log/log.ts";
import type { Tracer } from "../trace.ts";
import { VERSION } from "../../base/version.ts";

interface OpenTracerOptions {
  readonly build?: Build | null;
  readonly env?: CollectorEnvironment;
  readonly tracing?: boolean;
}

/**
 * The tracer, or undefined where no traces are made: because tracing is off, as it is in every
 * build but one by `compile --otel`, or because the environment would send them to another place
 * than the build says. The agent runs in any case; the log tells of the latter.
 */
export function openTracer(
  log: Log,
  { build = BUILD, env = (name) => Deno.env.get(name), tracing = isTracing() }: OpenTracerOptions =
    {},
): Tracer | undefined {
  if (!tracing) return undefined;
  const collector = build?.site.collector;
  const reason = collector === undefined ? undefined : collectorProblem(env, collector);
  if (reason === undefined) return denoTracer(VERSION);
  log.warning("traces_off", { reason });
  return undefined;
}
