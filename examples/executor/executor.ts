/**
 * A reference executor: restarts and redeploys, by `docker compose` here or on another host, what a
 * person moved to actions/approved, and writes down what came of it. docs/executor.md is the
 * contract it keeps; executor.json says what it may touch, and nothing else is touched.
 *
 *     deno run ... executor.ts /etc/planner-executor/executor.json [--once]
 *
 * @module
 */
import {
  actionIds,
  AlteredError,
  type Folder,
  isObject,
  isoTime,
  isValidAt,
  moved,
  moveFile,
  type Proposal,
  ProposalError,
  readProposal,
} from "../lib/action.ts";
import { parseSettings, type Settings, SettingsError, type Target } from "./settings.ts";

const LONGEST_OUTPUT = 2_000;
const POLL_MS = 2_000;
/** Files of one service in completed that are looked at, the newest. */
const MOST_LOOKED_AT = 32;

/** The arguments of `docker`, all of them from executor.json and none from a proposal. */
export function dockerArguments(target: Target, action: "restart" | "redeploy"): string[] {
  const { project, service, file, host } = target;
  return [
    ...host === undefined ? [] : ["--host", host],
    "compose",
    "--project-name",
    project,
    ...file === undefined ? [] : ["--file", file],
    ...action === "restart" ? ["restart"] : ["up", "--detach", "--no-deps", "--force-recreate"],
    service,
  ];
}

export interface Executor {
  /** What was found in running was under way when an earlier executor ended. */
  recover(): Promise<void>;
  /** Deals with everything that waits now, one after the other. */
  once(): Promise<void>;
}

export function createExecutor(settings: Settings, log: (line: object) => void): Executor {
  const { runtimePath: root, by, targets } = settings;

  /** Moves a file on; false where another was faster. */
  async function move(
    proposal: Pick<Proposal, "actionId" | "content">,
    [from, to]: readonly [Folder, Folder],
    more: Readonly<Record<string, unknown>>,
  ): Promise<Record<string, unknown> | undefined> {
    const { actionId } = proposal;
    const content = moved(proposal.content, { from, to, by, atMs: Date.now() }, more);
    try {
      await moveFile(root, actionId, { from, to, content });
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
      log({ event: "file_in_the_way", action_id: actionId, folder: to });
      return undefined;
    }
    log({ event: `action_${to}`, action_id: actionId, ...more });
    return content;
  }

  const cancel = (
    proposal: Pick<Proposal, "actionId" | "content">,
    from: Folder,
    why: string,
  ) =>
    move(proposal, [from, "cancelled"], {
      cancelled_at: isoTime(Date.now()),
      cancelled_because: why,
    });

  /** The proposals of a folder; what is none stays where it is and is told once. */
  const told = new Set<string>();
  async function proposals(folder: Folder, ids?: readonly string[]): Promise<Proposal[]> {
    const found: Proposal[] = [];
    for (const actionId of ids ?? await actionIds(root, folder)) {
      try {
        found.push(await readProposal(root, folder, actionId));
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) continue;
        if (!(error instanceof ProposalError)) throw error;
        if (error instanceof AlteredError && folder === "approved") {
          await cancel({ actionId, content: error.content }, folder, error.message);
          continue;
        }
        const path = `${folder}/${actionId}`;
        if (!told.has(path)) {
          log({ event: "not_executed", action_id: actionId, folder, why: error.message });
        }
        told.add(path);
      }
    }
    return found.sort((a, b) => b.eventMs - a.eventMs);
  }

  /** Whether the same was done for its service after its event: once more would be too much. */
  async function doneSince(proposal: Proposal): Promise<string | undefined> {
    const start = proposal.actionId.replace(/\d+(-\d+)?$/, "");
    const ids = (await actionIds(root, "completed")).filter((id) => id.startsWith(start));
    const done = await proposals("completed", ids.slice(-MOST_LOOKED_AT));
    return done.find(({ content, ...other }) =>
      isSame(other, proposal) && Date.parse(String(content.executed_at)) > proposal.eventMs
    )?.actionId;
  }

  /** Why it must not be executed; undefined where it may. */
  function refusal(proposal: Proposal): string | undefined {
    const { node, service } = proposal;
    const action = actionOf(proposal);
    if (!isValidAt(proposal, Date.now())) return "it is past its valid_until";
    if (action === "nothing") return undefined;
    const target = targets.get(`${node}/${service}`);
    if (action === undefined || target === undefined) {
      return "executor.json does not have this service";
    }
    return target.allow.includes(action)
      ? undefined
      : `executor.json does not allow ${action} here`;
  }

  async function decide(proposal: Proposal): Promise<void> {
    const why = refusal(proposal);
    const done = await doneSince(proposal);
    if (why !== undefined) await cancel(proposal, "approved", why);
    else if (done !== undefined) {
      await cancel(proposal, "approved", `${done} was executed after its event`);
    } else await execute(proposal);
  }

  async function execute(proposal: Proposal): Promise<void> {
    const { approved_at = await changedAt(proposal.actionId) } = proposal.content;
    const executed_at = isoTime(Date.now());
    const content = await move(proposal, ["approved", "running"], { approved_at, executed_at });
    if (content === undefined) return;
    const failure = await run(proposal);
    const at = isoTime(Date.now());
    const running = { actionId: proposal.actionId, content };
    if (failure !== undefined) {
      await move(running, ["running", "failed"], { failed_at: at, failure });
      return;
    }
    await move(running, ["running", "completed"], { completed_at: at });
    await cancelRest(proposal);
  }

  /** When a person moved it here: `mv` leaves all times of a file alone but this one. */
  async function changedAt(actionId: string): Promise<string> {
    const { ctime } = await Deno.stat(`${root}/actions/approved/${actionId}.json`);
    return isoTime(ctime?.getTime() ?? Date.now());
  }

  /** What else was proposed for the same outage: nobody is to approve it a second time. */
  async function cancelRest(proposal: Proposal): Promise<void> {
    for (const folder of ["approved", "pending"] as const) {
      for (const other of await proposals(folder)) {
        if (isSame(other, proposal) && other.eventMs < Date.now()) {
          await cancel(other, folder, `${proposal.actionId} was executed after its event`);
        }
      }
    }
  }

  /** Runs docker; why it failed, or undefined. */
  async function run(proposal: Proposal): Promise<string | undefined> {
    const action = actionOf(proposal);
    const target = targets.get(`${proposal.node}/${proposal.service}`);
    if (action === "nothing") return undefined;
    if (action === undefined || target === undefined) return "executor.json has changed";
    const { timeoutSeconds } = settings;
    const signal = AbortSignal.timeout(timeoutSeconds * 1000);
    try {
      const { success, code, stdout, stderr } = await new Deno.Command("docker", {
        args: dockerArguments(target, action),
        stdin: "null",
        signal,
      }).output();
      if (success) return undefined;
      if (signal.aborted) return `docker did not end within ${timeoutSeconds} s`;
      const text = new TextDecoder().decode(stderr.length > 0 ? stderr : stdout);
      return `docker ended with status ${code}: ${plain(text)}`;
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      return `docker cannot be run: ${plain(error.message)}`;
    }
  }

  async function approveUnrequired(): Promise<void> {
    for (const proposal of await proposals("pending")) {
      const repairs = ["restart", "redeploy"].includes(actionOf(proposal) ?? "");
      if (proposal.requiresHuman || !repairs || refusal(proposal) !== undefined) continue;
      await move(proposal, ["pending", "approved"], { approved_at: isoTime(Date.now()) });
    }
  }

  return {
    async recover() {
      for (const proposal of await proposals("running")) {
        if (lastMover(proposal) !== by) continue;
        const failure = "the executor ended while it ran: it may be done, or half done";
        await move(proposal, ["running", "failed"], { failed_at: isoTime(Date.now()), failure });
      }
    },
    async once() {
      if (settings.approveUnrequired) await approveUnrequired();
      // The newest of a service first: what is left of its fold is cancelled after it.
      for (const { actionId } of await proposals("approved")) {
        for (const proposal of await proposals("approved", [actionId])) await decide(proposal);
      }
    },
  };
}

/** What is done: both words of the file have to say the same. */
function actionOf({ type, content }: Proposal): "restart" | "redeploy" | "nothing" | undefined {
  const action = isObject(content.payload) ? content.payload.action : undefined;
  if (type === "container_restart" && action === "restart") return "restart";
  if (type === "redeploy" && action === "redeploy") return "redeploy";
  if (type === action && (type === "notify" || type === "ignore")) return "nothing";
  return undefined;
}

function isSame(a: Omit<Proposal, "content">, b: Omit<Proposal, "content">): boolean {
  return a.node === b.node && a.service === b.service && a.type === b.type &&
    a.actionId !== b.actionId;
}

/** Who moved it last: another executor's files are none of ours. */
function lastMover({ content }: Proposal): unknown {
  const history = Array.isArray(content.transition_history) ? content.transition_history : [];
  const last: unknown = history.at(-1);
  return isObject(last) ? last.by : undefined;
}

/** The end of what a program printed, as one line without control characters. */
function plain(text: string): string {
  return text.replace(/[\p{C}\p{Z}]+/gu, " ").trim().slice(-LONGEST_OUTPUT);
}

async function main([path = "", once]: readonly string[]): Promise<number> {
  const log = (line: object) => {
    const text = JSON.stringify({ at: isoTime(Date.now()), ...line });
    Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
  };
  let settings: Settings;
  try {
    settings = parseSettings(await Deno.readTextFile(path));
  } catch (error) {
    if (!(error instanceof SettingsError) && !(error instanceof Deno.errors.NotFound)) throw error;
    log({ event: "settings_wrong", path, why: error.message });
    return 2;
  }
  const executor = createExecutor(settings, log);
  await executor.recover();
  log({ event: "executor_started", targets: settings.targets.size });
  for (;;) {
    await executor.once();
    if (once === "--once") return 0;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
