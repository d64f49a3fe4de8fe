/**
 * The agent's memory and its files against a model: random events, diagnoses, failures of the disk,
 * kills and power cuts, over several runs of the agent. The parts are real, the disk is not.
 */
import assert from "node:assert/strict";
import { dirname } from "node:path/posix";
import fc from "fast-check";
import { decodeState } from "./support/decode_state.ts";
import {
  boot,
  check,
  type Command,
  diagnose,
  type Known,
  nothingKnown,
  perform,
  proposals,
  STATE,
  TARGETS,
} from "./support/crash_model.ts";
import { type Fate, type MemoryFiles, memoryFiles, type Step } from "./support/memory_files.ts";
import { systemError } from "./support/system_error.ts";

/** One run of the agent, from its start to its end by a crash. */
interface Run {
  readonly commands: readonly Command[];
  /** The step before which it ends. */
  readonly crashAt: number;
  /** Undefined: killed; else a power cut with these chances. */
  readonly power: readonly number[] | undefined;
  /** Steps that fail. */
  readonly failures: readonly number[];
}

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ op: fc.constant("add" as const), target: fc.constantFrom(...TARGETS) }),
  },
  { weight: 5, arbitrary: fc.record({ op: fc.constant("diagnose" as const), steps: fc.nat(40) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      op: fc.constant("recover" as const),
      target: fc.constantFrom(...TARGETS),
    }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constantFrom("rewrite" as const, "pass" as const) }) },
);

const run: fc.Arbitrary<Run> = fc.record({
  commands: fc.array(command, { maxLength: 14, size: "max" }),
  crashAt: fc.integer({ min: 1, max: 250 }),
  power: fc.option(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1 }), {
    nil: undefined,
  }),
  failures: fc.array(fc.nat(80), { maxLength: 4 }),
});

const CODES = ["ENOSPC", "EROFS", "EACCES", "EIO"] as const;

/** Decides on the steps of one run. */
function fates({ crashAt, power, failures }: Run) {
  let steps = 0;
  const decide = ({ op, path }: Step, up: boolean): Fate => {
    if (++steps === crashAt) return "crash";
    // Not promised: what a full disk refused to remember, a folder that was never synced.
    const spared = op === "append" || op === "syncFolder" && power && path !== dirname(STATE);
    if (!up || spared || !failures.includes(steps)) return "works";
    return systemError(CODES[steps % CODES.length] ?? "EIO", path);
  };
  return decide;
}

/** One run of the agent; returns what the next one finds. */
async function live(files: MemoryFiles, known: Known, run: Run): Promise<MemoryFiles> {
  const decide = fates(run);
  let up = false;
  files.fate = (step) => decide(step, up);
  const agent = await Promise.race([boot(files, known), files.crashed]);
  if (agent) {
    check(agent, known);
    up = true;
    const works: Promise<void>[] = [];
    for (const command of run.commands) {
      if (!files.dead) works.push(...await perform(command, agent, known));
    }
    await Promise.race([Promise.all(works), files.crashed]);
  }
  if (!run.power) return files.afterKill();
  const { power } = run;
  let draws = 0;
  known.powerCut = true;
  return files.afterPowerCut(() => power[draws++ % power.length] ?? 0);
}

/** Nothing that others see, and nothing that the agent reads, is ever half there. */
function checkDisk(files: MemoryFiles) {
  proposals(files);
  for (const path of files.paths().filter((path) => /^\/r\/events\/.*\.json$/.test(path))) {
    assert.equal(JSON.parse(files.text(path) ?? "").type, "remediation_started", path);
  }
  const state = files.text(STATE);
  if (state === undefined) return;
  const decoded = decodeState(state);
  // The last line may be cut: nobody was told that it was written.
  assert.ok(decoded.kind === "state" && decoded.damagedLines <= 1, state);
}

Deno.test("agent: whenever it is killed or the power goes, no file is partial and nothing is lost", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(run, { minLength: 1, maxLength: 3, size: "max" }), async (runs) => {
      const known = nothingKnown();
      let files = memoryFiles();
      for (const folder of ["actions/pending", "events", "state"]) {
        files.put(`/r/${folder}/README`, "");
      }
      for (const run of runs) {
        files = await live(files, known, run);
        checkDisk(files);
      }
      // At last nothing goes wrong: everything comes to its end.
      const agent = await boot(files, known);
      check(agent, known);
      for (let next = agent.backlog.take(); next; next = agent.backlog.take()) {
        await diagnose(agent, next, known);
      }
      await agent.journal.close();
      check(agent, known);
      assert.equal(agent.backlog.waiting, 0);
      for (const type of known.unfinished) assert.ok(proposals(files).includes(type), type);
      assert.deepEqual(files.paths().filter((path) => path.endsWith(".tmp")), []);
    }),
    { numRuns: 3_000 },
  );
});
