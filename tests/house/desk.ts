/** The folders under actions/ as the neighbours use them: who moves a file appends who it was. */
import { isObject, parseObject } from "../../lib/base/json.ts";
import type { Clock } from "../../lib/base/clock.ts";
import { ACTION_FOLDERS } from "../../lib/base/disk/store.ts";
import { svcKey } from "../../lib/event/target.ts";
import { type Proposed, proposedBy } from "../../lib/proposal/read/content.ts";
import type { MemoryFiles } from "../support/memory_files.ts";

type Folder = typeof ACTION_FOLDERS[number];
type Json = Record<string, unknown>;

/** A proposal that nobody has decided, whoever made it. */
export interface OnDesk {
  readonly id: string;
  readonly what: Proposed;
  /** Whether its proposer wants a person to decide. */
  readonly wantsPerson: boolean;
}

export interface Desk {
  /** A proposal has appeared in pending/. */
  appeared(id: string): void;
  /** Another program proposes. */
  propose(id: string, content: Json): Promise<void>;
  move(id: string, places: { from: Folder; to: Folder; by: string }): Promise<void>;
  readonly waiting: readonly OnDesk[];
  /** What is in pending, approved or running for a service. */
  openFor(key: string): readonly OnDesk[];
  /** Proposals that were made while another one for the same remedy waited. */
  readonly twice: readonly string[];
  readonly made: readonly OnDesk[];
}

export async function openDesk(files: MemoryFiles, clock: Clock): Promise<Desk> {
  for (const folder of ACTION_FOLDERS) await files.makeFolder(`/r/actions/${folder}`);
  const open = new Map<string, { readonly entry: OnDesk; folder: Folder }>();
  const twice: string[] = [];
  const made: OnDesk[] = [];
  const path = (folder: Folder, id: string) => `/r/actions/${folder}/${id}.json`;
  const openFor = (key: string) =>
    [...open.values()].map(({ entry }) => entry).filter(({ what }) => svcKey(what) === key);

  async function write(folder: Folder, id: string, content: Json) {
    files.put(path(folder, id), JSON.stringify(content, null, 2));
    await files.touch(path(folder, id), clock.now());
  }

  function appeared(id: string) {
    const content = parseObject(files.text(path("pending", id)) ?? "");
    const what = proposedBy(content);
    if (!content || !what) throw new Error(`${id} is no proposal`);
    const human = content.requires_human ?? content.approval_required ?? true;
    const entry = { id, what, wantsPerson: human !== false };
    const isSame = (other: OnDesk) => other.what.remedy === what.remedy && what.remedy;
    if (
      [...open.values()].some(({ entry: other, folder }) =>
        folder === "pending" && svcKey(other.what) === svcKey(what) && isSame(other)
      )
    ) twice.push(id);
    made.push(entry);
    open.set(id, { entry, folder: "pending" });
  }

  return {
    appeared,
    async propose(id, content) {
      await write("pending", id, { action_id: id, status: "pending", ...content });
      appeared(id);
    },
    async move(id, { from, to, by }) {
      const content = parseObject(files.text(path(from, id)) ?? "");
      if (!isObject(content)) throw new Error(`${id} is not in ${from}`);
      const before = Array.isArray(content.transition_history) ? content.transition_history : [];
      const timestamp = new Date(clock.now()).toISOString();
      const transition_history = [...before, { from, to, timestamp, by }];
      await write(to, id, { ...content, status: to, transition_history });
      await files.remove(path(from, id));
      const known = open.get(id);
      if (to === "approved" || to === "running") known && (known.folder = to);
      else open.delete(id);
    },
    get waiting() {
      return [...open.values()].filter(({ folder }) => folder === "pending")
        .map(({ entry }) => entry);
    },
    openFor,
    twice,
    made,
  };
}
