/**
 * Whether the environment sends traces where the build says. Deno bakes in that traces are made,
 * not where they go: its exporter reads that from the environment of the running program, and is
 * not held by --allow-net. So a build knows its collector, and makes no traces for another one.
 *
 * @module
 */
import { COLLECTOR_NAMES } from "../../permissions/grants.ts";

/** Reads the variables that Deno's exporter goes by. */
export type CollectorEnvironment = (name: typeof COLLECTOR_NAMES[number]) => string | undefined;

/** Where Deno's exporter sends to when nothing is said. */
const DEFAULT_COLLECTOR = "http://localhost:4318";
const TRACES_PATH = "/v1/traces";

/** Why traces would not go to `collector`, with what to set; undefined where they do. */
export function collectorProblem(
  env: CollectorEnvironment,
  collector: string,
): string | undefined {
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
