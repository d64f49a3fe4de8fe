/**
 * An action file as those need it who decide on it or carry it out: read as untrusted, checked, and
 * moved from folder to folder with a line in its history. docs/executor.md is the contract.
 *
 * @module
 */
import { createHash } from "node:crypto";

/** Larger files are not read, in bytes; the agent's have a few thousand. */
const MOST_BYTES = 1_048_576;
const ACTION_ID = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,249}$/;

/** The folders of a proposal's life. */
export type Folder =
  | "pending"
  | "approved"
  | "running"
  | "completed"
  | "failed"
  | "rejected"
  | "cancelled";

/** A proposal, all of it that counts checked for its kind. */
export interface Proposal {
  readonly actionId: string;
  readonly node: string;
  readonly service: string;
  /** `container_restart`, `redeploy`, `notify` or `ignore`. */
  readonly type: string;
  readonly requiresHuman: boolean;
  /** The event's time, in milliseconds since 1970. */
  readonly eventMs: number;
  readonly digest: string;
  /** The file as parsed. */
  readonly content: Readonly<Record<string, unknown>>;
}

/** A file that is no proposal, or none that may be acted on; the message says why. */
export class ProposalError extends Error {
  override readonly name = "ProposalError";
}

/** Target, action or id are not those that the digest was made of. */
export class AlteredError extends ProposalError {
  constructor(readonly content: Readonly<Record<string, unknown>>) {
    super("its digest is not that of its content: it was altered");
  }
}

export interface Moving {
  readonly from: Folder;
  readonly to: Folder;
  /** Who moves it, for `transition_history`. */
  readonly by: string;
  readonly atMs: number;
}

/** ISO 8601 in UTC, whole seconds, as the agent writes its times. */
export function isoTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** Whether a text has the form of a proposal's id, and so never leads out of a folder. */
export function isActionId(text: string): boolean {
  return ACTION_ID.test(text);
}

/** The ids of the files in a folder, sorted; temporary and other files are left out. */
export async function actionIds(root: string, folder: Folder): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(`${root}/actions/${folder}`));
  return entries
    .filter(({ isFile, name }) => isFile && name.endsWith(".json") && isActionId(name.slice(0, -5)))
    .map(({ name }) => name.slice(0, -5))
    .sort();
}

/**
 * Reads a file and proves that it still is what was proposed.
 *
 * @throws {ProposalError} where it is no whole proposal, or its digest is not that of its content.
 * @throws {Deno.errors.NotFound} where it has been moved on.
 */
export async function readProposal(
  root: string,
  folder: Folder,
  actionId: string,
): Promise<Proposal> {
  if (!isActionId(actionId)) throw new ProposalError(`${JSON.stringify(actionId)} is no id`);
  const path = `${root}/actions/${folder}/${actionId}.json`;
  const { isFile, size } = await Deno.lstat(path);
  if (!isFile || size > MOST_BYTES) throw new ProposalError("it is no file of up to 1 MiB");
  return parseProposal(await Deno.readTextFile(path), actionId);
}

function parseProposal(text: string, actionId: string): Proposal {
  const content = objectOf(text);
  const payload = isObject(content.payload) ? content.payload : {};
  const { action_id, node, service, type, requires_human, timestamp } = content;
  const { action, digest } = payload;
  if (action_id !== actionId) throw new ProposalError("its action_id is not the file's name");
  const approved = [action_id, node, service, type, action];
  if (!approved.every((part) => typeof part === "string")) {
    throw new ProposalError("node, service, type or payload.action is no text");
  }
  if (typeof timestamp !== "number") throw new ProposalError("its timestamp is no number");
  if (typeof digest !== "string") throw new ProposalError("it has no digest");
  if (digest !== digestOf(approved)) throw new AlteredError(content);
  return {
    actionId,
    node: String(node),
    service: String(service),
    type: String(type),
    // Missing or odd: a person is required.
    requiresHuman: requires_human !== false,
    eventMs: timestamp * 1000,
    digest,
    content,
  };
}

function objectOf(text: string): Record<string, unknown> {
  try {
    const content: unknown = JSON.parse(text);
    if (isObject(content)) return content;
  } catch {
    // Told below.
  }
  throw new ProposalError("it is not a JSON object");
}

/** SHA-256 over the JSON of id, node, service, type and action, ASCII only. */
function digestOf(approved: readonly unknown[]): string {
  const json = JSON.stringify(approved).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return createHash("sha256").update(json).digest("hex");
}

/** Whether it may still be approved or begun; one without a readable end may not. */
export function isValidAt({ content }: Proposal, nowMs: number): boolean {
  const { valid_until } = isObject(content.payload) ? content.payload : {};
  if (typeof valid_until !== "string" || !/^\d{4}-\d\d-\d\dT[\d:.]{8,18}Z$/.test(valid_until)) {
    return false;
  }
  return nowMs < Date.parse(valid_until);
}

/** The content with its new status, a line more in `transition_history`, and `more` beside it. */
export function moved(
  content: Readonly<Record<string, unknown>>,
  { from, to, by, atMs }: Moving,
  more: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  const history = Array.isArray(content.transition_history) ? content.transition_history : [];
  const line = { from, to, timestamp: isoTime(atMs), by };
  return { ...content, status: to, ...more, transition_history: [...history, line] };
}

/**
 * Moves a file on with new content. Of several who try at once one succeeds, by the `rename` that
 * takes the old file away; the new one appears after it, whole. It is a file of this user's: whoever
 * still holds the old one open cannot change it. A crash in between leaves the old file in the new
 * folder as `.<id>.<random>.old`, and nobody acts on it.
 *
 * @throws {Deno.errors.NotFound} where another has moved it on.
 * @throws {Deno.errors.AlreadyExists} where the new folder has a file of that name; both stay.
 */
export async function moveFile(
  root: string,
  actionId: string,
  { from, to, content }: {
    readonly from: Folder;
    readonly to: Folder;
    readonly content: Readonly<Record<string, unknown>>;
  },
): Promise<void> {
  const source = `${root}/actions/${from}/${actionId}.json`;
  const target = `${root}/actions/${to}/${actionId}.json`;
  const hidden = `${root}/actions/${to}/.${actionId}.${crypto.randomUUID().slice(0, 8)}`;
  await writeWhole(`${hidden}.tmp`, content);
  try {
    await Deno.rename(source, `${hidden}.old`);
    try {
      await Deno.link(`${hidden}.tmp`, target);
    } catch (error) {
      await Deno.rename(`${hidden}.old`, source);
      throw error;
    }
  } finally {
    await Deno.remove(`${hidden}.tmp`);
  }
  await Deno.remove(`${hidden}.old`);
}

async function writeWhole(path: string, content: unknown): Promise<void> {
  using file = await Deno.open(path, { write: true, createNew: true, mode: 0o640 });
  const bytes = new TextEncoder().encode(JSON.stringify(content, null, 2));
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
  await file.sync();
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
