/**
 * The tokens of the buttons that are out: on disk as hashes, so that a restart forgets none and who
 * reads the file can press none.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { isObject } from "../lib/action.ts";

/** What one token is good for. */
export interface Offer {
  readonly actionId: string;
  /** The proposal as it was announced. */
  readonly digest: string;
  readonly expiresMs: number;
}

/** The oldest are forgotten first. */
const MOST = 1_000;

export interface Offers {
  has(actionId: string): boolean;
  /** A new token; kept until it is taken or expires. */
  make(offer: Offer): Promise<string>;
  /** What the token is good for, once; undefined for every other one. */
  take(token: string): Promise<Offer | undefined>;
  /** The token is good again: what it was taken for could not be done. */
  giveBack(token: string, offer: Offer): Promise<void>;
  /** The phone never heard of it. */
  forget(actionId: string): Promise<void>;
}

export async function openOffers(path: string): Promise<Offers> {
  const kept = await read(path);
  /** Ids whose token was taken, so that they are not offered anew. */
  const taken = new Set<string>();
  let writing = Promise.resolve();

  function save(): Promise<void> {
    const nowMs = Date.now();
    for (const [hash, { expiresMs }] of kept) {
      if (expiresMs <= nowMs || kept.size > MOST) kept.delete(hash);
    }
    const text = JSON.stringify(Object.fromEntries(kept));
    writing = writing.catch(() => {}).then(async () => {
      await Deno.writeTextFile(`${path}.new`, text, { mode: 0o600 });
      await Deno.rename(`${path}.new`, path);
    });
    return writing;
  }

  return {
    has: (actionId) =>
      taken.has(actionId) || [...kept.values()].some((offer) => offer.actionId === actionId),
    async make(offer) {
      const token = crypto.getRandomValues(new Uint8Array(32)).toHex();
      kept.set(hashOf(token), offer);
      await save();
      return token;
    },
    async take(token) {
      const hash = hashOf(token);
      const offer = kept.get(hash);
      if (offer === undefined) return undefined;
      // Before anything is awaited: of two that press at once, one has it.
      kept.delete(hash);
      taken.add(offer.actionId);
      await save();
      return offer;
    },
    async giveBack(token, offer) {
      kept.set(hashOf(token), offer);
      taken.delete(offer.actionId);
      await save();
    },
    async forget(actionId) {
      for (const [hash, offer] of kept) if (offer.actionId === actionId) kept.delete(hash);
      await save();
    },
  };
}

function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

async function read(path: string): Promise<Map<string, Offer>> {
  try {
    const all: unknown = JSON.parse(await Deno.readTextFile(path));
    if (!isObject(all)) return new Map();
    return new Map(
      Object.entries(all).flatMap(([hash, offer]) => isOffer(offer) ? [[hash, offer]] : []),
    );
  } catch (error) {
    // A new installation, or a file that a crash cut: buttons that are out do nothing, the
    // proposals are offered anew.
    if (error instanceof Deno.errors.NotFound || error instanceof SyntaxError) return new Map();
    throw error;
  }
}

function isOffer(value: unknown): value is Offer {
  return isObject(value) && typeof value.actionId === "string" &&
    typeof value.digest === "string" && typeof value.expiresMs === "number";
}
