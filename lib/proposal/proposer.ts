/**
 * Puts a diagnosis before a person: the action file, then the event file that tells of it.
 *
 * @module
 */
import { dirname } from "node:path/posix";
import { backoffDelay } from "../base/backoff.ts";
import { type Clock, sleep } from "../base/clock.ts";
import { parseObject } from "../base/json.ts";
import type { Log } from "../base/log/log.ts";
import {
  type ActionFile,
  actionFile,
  type ActionFileOptions,
  actionIdBase,
  eventFile,
  eventFilePath,
  fileText,
} from "./action_file.ts";
import type { PublishedAction, Store } from "../base/disk/store.ts";
import { svcKey } from "../event/target.ts";
import type { Validity } from "./validity.ts";
import { explainWriteFailure } from "../base/disk/write_failure.ts";

/** A proposal that cannot be written is tried again after 5 s, 10 s ... 60 s. */
const RETRY = { firstMs: 5_000, mostMs: 60_000, jitter: 0.1 };

/** An event file follows its proposal within moments, which may be on the next day. */
const SOON_MS = 60_000;

/** A diagnosis that the policy let through, and how it came to be. */
type Proposal = Omit<ActionFileOptions, "actionId" | "writtenMs" | "validity">;

/** Another planner has the target now: nothing was written. */
export class ClaimLostError extends Error {
  override readonly name = "ClaimLostError";
}

interface ProposeOptions {
  /** Asked right before the write: nothing is written unless it resolves with true. */
  readonly mayWrite?: () => Promise<boolean>;
  /** Runs right before the proposal appears under this id. */
  readonly announce: (actionId: string) => void;
  readonly failures: number;
  /** Gives up on the event file: the agent is stopping. */
  readonly signal: AbortSignal;
}

type Proposed =
  /** It is safe; `announced` resolves with whether its event file is, too. */
  | { readonly is: "written"; readonly file: ActionFile; readonly announced: Promise<boolean> }
  /** The disk refused, and the log says so; it is worth another try after `retryMs`. */
  | { readonly is: "failed"; readonly retryMs: number }
  | { readonly is: "refused" };

/** Tries once. */
export type Propose = (proposal: Proposal, options: ProposeOptions) => Promise<Proposed>;

interface AnnounceOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly nodeName: string;
}

export function createProposer(
  { store, clock, log, nodeName, random, validity, onProposed = () => {} }: AnnounceOptions & {
    readonly random: () => number;
    readonly validity?: Validity;
    /** Told of each proposal that is safe. */
    readonly onProposed?: (file: ActionFile) => void;
  },
): Propose {
  const announceFile = (file: ActionFile) => announceAction(file, { store, clock, log, nodeName });

  async function announceAgain(file: ActionFile, signal: AbortSignal): Promise<boolean> {
    for (let failures = 1; !signal.aborted; failures++) {
      await sleep(clock, backoffDelay(RETRY, failures, random), signal);
      if (!signal.aborted && await announceFile(file)) return true;
    }
    return false;
  }

  return async (proposal, { mayWrite, announce, failures, signal }) => {
    if (mayWrite && !await mayWrite()) return { is: "refused" };
    let file: ActionFile | undefined;
    let published: PublishedAction;
    try {
      published = await store.publishAction({
        base: actionIdBase(proposal.event),
        text(actionId) {
          file = actionFile({ ...proposal, actionId, writtenMs: clock.now(), validity });
          return fileText(file);
        },
        announce,
      });
    } catch (error) {
      const retryMs = backoffDelay(RETRY, failures + 1, random);
      log.error("action_write_failed", {
        svc_key: svcKey(proposal.event),
        ...explainWriteFailure(error),
        retry_in_seconds: Math.round(retryMs / 1000),
      });
      return { is: "failed", retryMs };
    }
    // What was published has a text.
    if (!file) return { is: "refused" };
    tellProposed(log, file, published);
    // In the background where that takes more than one try.
    const announced = await announceFile(file) || announceAgain(file, signal);
    onProposed(file);
    return { is: "written", file, announced: Promise.resolve(announced) };
  };
}

function tellProposed(log: Log, file: ActionFile, { path, unsynced }: PublishedAction) {
  log.info("action_proposed", {
    action_id: file.action_id,
    action: file.payload.action,
    executor_type: file.type,
    svc_key: svcKey(file),
    requires_human: file.requires_human,
    confidence: file.confidence,
    risk_level: file.risk_level,
    llm_model: file.llm_model,
    valid_until: file.payload.valid_until,
    ...(file.payload.audit.expired_when_written && { expired: true }),
    path,
  });
  if (unsynced) log.warning("folder_sync_failed", { path, ...explainWriteFailure(unsynced) });
}

/** Proposes, and goes on trying until `signal` aborts; resolves with what is safe then. */
export async function proposeUntilWritten(
  proposal: Proposal,
  { propose, clock, signal }: {
    readonly propose: Propose;
    readonly clock: Clock;
    readonly signal: AbortSignal;
  },
): Promise<ActionFile | undefined> {
  for (let failures = 0; !signal.aborted; failures++) {
    const done = await propose(proposal, { announce: () => {}, failures, signal });
    if (done.is === "written") return done.file;
    if (done.is === "refused") return undefined;
    await sleep(clock, done.retryMs, signal);
  }
  return undefined;
}

/** Resolves with whether the event file is there. A failure is logged: the proposal itself is safe. */
async function announceAction(
  action: ActionFile,
  { store, clock, log, nodeName }: AnnounceOptions,
): Promise<boolean> {
  const about = { action, nodeName, nowMs: clock.now() };
  const path = eventFilePath(about);
  try {
    await store.publishEvent(path, fileText(eventFile(about)));
    return true;
  } catch (error) {
    log.warning("event_write_failed", {
      path: `${store.events}/${path}.json`,
      ...explainWriteFailure(error),
    });
    return false;
  }
}

/**
 * Writes the event file, unless there is one from `sinceMs` or shortly afterwards; resolves with
 * whether it is there.
 */
export async function announceOnce(
  action: ActionFile,
  sinceMs: number,
  options: AnnounceOptions,
): Promise<boolean> {
  const { store, nodeName } = options;
  const folders = [sinceMs, sinceMs + SOON_MS].map((nowMs) =>
    dirname(eventFilePath({ action, nodeName, nowMs }))
  );
  for (const folder of new Set(folders)) {
    for await (const text of store.eventFiles(folder)) {
      if (parseObject(text)?.correlation_id === action.action_id) return true;
    }
  }
  return await announceAction(action, options);
}

/** Proposes by handing each proposal to `print`; nothing is written (`replay --dry-run`). */
export function dryProposer(
  print: (file: ActionFile) => void,
  { clock, validity }: { readonly clock: Clock; readonly validity?: Validity },
): Propose {
  return (proposal) => {
    const actionId = actionIdBase(proposal.event);
    const file = actionFile({ ...proposal, actionId, writtenMs: clock.now(), validity });
    print(file);
    return Promise.resolve({ is: "written", file, announced: Promise.resolve(true) });
  };
}
