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
export type Proposal = Omit<ActionFileOptions, "actionId" | "writtenMs" | "validity">;

/** Another planner has the target now: nothing was written. */
export class ClaimLostError extends Error {
  override readonly name = "ClaimLostError";
}

interface ProposeOptions {
  /** Whether the target is still ours; asked before each try to write. */
  readonly fence?: () => Promise<boolean>;
  /** Runs right before the proposal appears under this id. */
  readonly announce: (actionId: string) => void;
  /** Gives up: the agent is stopping. */
  readonly signal: AbortSignal;
}

/**
 * Resolves with the proposal once it is safe, or undefined when `signal` came first.
 *
 * Rejects with ClaimLostError when the fence says so.
 */
export type Propose = (
  proposal: Proposal,
  options: ProposeOptions,
) => Promise<ActionFile | undefined>;

export interface ProposerOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
  readonly nodeName: string;
  readonly validity?: Validity;
}

/** Proposes by files. Where the disk refuses, it keeps the proposal and goes on trying. */
export function createProposer(options: ProposerOptions): Propose {
  const { store, clock, log, random, validity } = options;

  async function publish(
    proposal: Proposal,
    { announce, signal, fence = () => Promise.resolve(true) }: ProposeOptions,
  ): Promise<[ActionFile, PublishedAction] | undefined> {
    for (let failures = 1; !signal.aborted; failures++) {
      let file: ActionFile | undefined;
      if (!await fence()) {
        throw new ClaimLostError(`the claim on ${svcKey(proposal.event)} is lost`);
      }
      try {
        const published = await store.publishAction({
          base: actionIdBase(proposal.event),
          text(actionId) {
            file = actionFile({ ...proposal, actionId, writtenMs: clock.now(), validity });
            return fileText(file);
          },
          announce,
        });
        if (file) return [file, published];
      } catch (error) {
        const delay = backoffDelay(RETRY, failures, random);
        log.error("action_write_failed", {
          svc_key: svcKey(proposal.event),
          ...explainWriteFailure(error),
          retry_in_seconds: Math.round(delay / 1000),
        });
        await sleep(clock, delay, signal);
      }
    }
    return undefined;
  }

  return async (proposal, proposeOptions) => {
    const done = await publish(proposal, proposeOptions);
    if (!done) return undefined;
    const [file, { path, unsynced }] = done;
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
    await announceAction(file, options);
    return file;
  };
}

/** Writes the event file for a proposal. A failure is logged: the proposal itself is safe. */
export async function announceAction(
  action: ActionFile,
  { store, clock, log, nodeName }: Omit<ProposerOptions, "random" | "validity">,
): Promise<void> {
  const about = { action, nodeName, nowMs: clock.now() };
  const path = eventFilePath(about);
  try {
    await store.publishEvent(path, fileText(eventFile(about)));
  } catch (error) {
    log.warning("event_write_failed", {
      path: `${store.events}/${path}.json`,
      ...explainWriteFailure(error),
    });
  }
}

/** The same, unless there is an event file for it from `sinceMs` on, or shortly afterwards. */
export async function announceOnce(
  action: ActionFile,
  sinceMs: number,
  options: Omit<ProposerOptions, "random" | "validity">,
): Promise<void> {
  const { store, nodeName } = options;
  const folders = [sinceMs, sinceMs + SOON_MS].map((nowMs) =>
    dirname(eventFilePath({ action, nodeName, nowMs }))
  );
  for (const folder of new Set(folders)) {
    for await (const text of store.eventFiles(folder)) {
      if (parseObject(text)?.correlation_id === action.action_id) return;
    }
  }
  await announceAction(action, options);
}

/** `propose`, which tells of each proposal that is safe. */
export function telling(propose: Propose, tell: (file: ActionFile) => void): Propose {
  return async (...request) => {
    const file = await propose(...request);
    if (file) tell(file);
    return file;
  };
}

/** Proposes by handing each proposal to `print`; nothing is written (`replay --dry-run`). */
export function dryProposer(
  print: (file: ActionFile) => void,
  { clock, validity }: Pick<ProposerOptions, "clock" | "validity">,
): Propose {
  return (proposal) => {
    const actionId = actionIdBase(proposal.event);
    const file = actionFile({ ...proposal, actionId, writtenMs: clock.now(), validity });
    print(file);
    return Promise.resolve(file);
  };
}
