/**
 * Kills and cuts while planners work, and checks what is left; `deno task chaos --help` says how.
 *
 * @module
 */
import { systemClock } from "../lib/base/clock.ts";
import { errorMessage } from "../lib/base/error_message.ts";
import { type Interruption, print, runProgram, sayer } from "./bench/program.ts";
import {
  CHAOS_HELP,
  type ChaosOptions,
  commandFor,
  parseChaosArguments,
} from "./chaos/arguments.ts";
import { reportFailure, reportHead, reportSeed } from "./chaos/report.ts";
import { runSeed } from "./chaos/run.ts";

const say = sayer("chaos");

/** What must be ended, also when the test is interrupted. */
let open = new AsyncDisposableStack();

/** Runs one seed; true when every promise was kept. */
async function isKept(
  seed: number,
  options: ChaosOptions,
  interruption: Interruption,
): Promise<boolean> {
  const project = new URL("..", import.meta.url).pathname.replace(/\/$/, "");
  const folder = await Deno.makeTempDir({ prefix: `planner-agent-chaos-${seed}-` });
  await using stack = open = new AsyncDisposableStack();
  let remove = false;
  stack.defer(async () => {
    if (remove) await Deno.remove(folder, { recursive: true });
  });
  const about = { command: commandFor(seed, options), folder };
  try {
    const result = await runSeed({ ...options, seed, folder, project, clock: systemClock, stack });
    print(reportSeed(seed, result));
    const isOk = result.violations.length === 0;
    if (!isOk) print(reportFailure(result.violations, about));
    else if (options.keep) say(`disks and logs of seed ${seed}: ${folder}`);
    remove = isOk && !options.keep;
    return isOk;
  } catch (error) {
    if (interruption.stopping) throw error;
    const message = errorMessage(error);
    print(`${seed}  ended early`);
    print(reportFailure([message], about));
    return false;
  }
}

async function chaos(options: ChaosOptions, interruption: Interruption): Promise<number> {
  const end = systemClock.monotonic() + options.minutes * 60_000;
  const failed: number[] = [];
  let done = 0;
  print(reportHead());
  while (done < options.seeds && systemClock.monotonic() < end) {
    const seed = (options.seed + done++) % 0x1_0000_0000;
    if (!await isKept(seed, options, interruption)) failed.push(seed);
  }
  if (done < options.seeds) print(`${options.minutes} minutes are over: ${done} seeds were run`);
  if (failed.length > 0) print(`failed: ${failed.join(", ")}`);
  return failed.length > 0 ? 1 : 0;
}

await runProgram({
  parsed: parseChaosArguments(Deno.args),
  help: CHAOS_HELP,
  say,
  run: chaos,
  cleanUp: () => open.disposeAsync(),
  sayError: (message, { stopping }) => stopping || say(message),
});
