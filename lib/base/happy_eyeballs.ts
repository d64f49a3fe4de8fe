import type { LookupAddress } from "node:dns";
import { abortable } from "./abortable.ts";
import type { Clock } from "./clock.ts";
import { errorMessage } from "./error_message.ts";

/** No address of a name took the connection. */
export class ConnectError extends Error {
  override readonly name = "ConnectError";
  constructor(
    message: string,
    /** The addresses in the order in which they were tried. */
    readonly tried: readonly string[],
    /** As in Node.js, where all failed alike: ECONNREFUSED and so on. */
    readonly code: string | undefined,
  ) {
    super(message);
  }
}

/** The next address is tried after so long without an answer (RFC 8305, section 5). */
const HEAD_START_MS = 250;
const MOST_ADDRESSES = 8;

/** Families in turn, beginning with that of the first (RFC 8305, section 4). */
export function inTurn(found: readonly LookupAddress[]): readonly LookupAddress[] {
  const first = found.filter(({ family }) => family === found[0]?.family);
  const others = found.filter(({ family }) => family !== found[0]?.family);
  const length = Math.max(first.length, others.length);
  return Array.from({ length }, (_, index) => [first[index], others[index]]).flat()
    .filter((each) => each !== undefined).slice(0, MOST_ADDRESSES);
}

/**
 * The first connection that stands, of attempts that begin one after the other (RFC 8305): when the
 * one before has failed, or has not answered for a while. The others are aborted.
 *
 * @throws {ConnectError} when all failed, or the reason of the signal.
 */
export async function firstOf<T extends { close(): void }>(
  addresses: readonly LookupAddress[],
  open: (address: LookupAddress, signal: AbortSignal) => Promise<T>,
  { signal, clock }: { readonly signal: AbortSignal; readonly clock: Clock },
): Promise<T> {
  signal.throwIfAborted();
  const failures: Failure[] = [];
  const others = new AbortController();
  const over = AbortSignal.any([signal, others.signal]);
  const won = Promise.withResolvers<T>();
  let cancel = () => {};
  let begun = 0;
  const next = () => {
    cancel();
    const address = addresses[begun++];
    if (!address) return;
    cancel = clock.after(HEAD_START_MS, next);
    open(address, over).then((conn) => {
      if (over.aborted) return conn.close();
      others.abort();
      won.resolve(conn);
    }, (error) => {
      failures.push({ address: address.address, error });
      if (failures.length === addresses.length) won.reject(allFailed(failures));
      else if (!over.aborted) next();
    });
  };
  next();
  try {
    return await abortable(won.promise, signal);
  } finally {
    cancel();
    others.abort();
  }
}

interface Failure {
  readonly address: string;
  readonly error: unknown;
}

function allFailed(failures: readonly Failure[]): ConnectError {
  const codes = failures.map(({ error }) =>
    error instanceof Error && "code" in error && typeof error.code === "string"
      ? error.code
      : undefined
  );
  const each = failures.map(({ address, error }) => `${address}: ${errorMessage(error)}`);
  return new ConnectError(
    `none of ${failures.length} addresses answers: ${each.join("; ")}`,
    failures.map(({ address }) => address),
    new Set(codes).size === 1 ? codes[0] : undefined,
  );
}
