/**
 * Looks at what Redis sends before ioredis gets it: form, depth, size, and whether it was asked for.
 * ioredis trusts its peer: a nil that nobody asked for is an exception past every promise there, and
 * a string of any length is collected. RESP2, as in
 * https://redis.io/docs/latest/develop/reference/protocol-spec/.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { RedisProtocolError, RedisReplyTooLargeError } from "./errors.ts";
import { handOverWhole, type OnMessage } from "./whole_message.ts";

/** How large a reply may be, in bytes. */
export interface ReplyBounds {
  /** Of one reply as it comes; a larger one ends the connection as soon as it says so. */
  readonly most: number;
  /** Of each string in it; what is longer is cut to this, and the rest never kept. */
  readonly kept: number;
}

/** For replies of a few words. */
export const SHORT_REPLY: ReplyBounds = { most: 1_048_576, kept: 1_048_576 };
/** For replies of which the ids are wanted, and not the entries: these may be of any size. */
export const IDS_ONLY: ReplyBounds = { most: Number.MAX_SAFE_INTEGER, kept: 64 };

/** Lists within lists; a reply to XREADGROUP has four. */
const DEEPEST = 8;
/** Elements of a reply, with those of the lists in it. */
const MOST_ELEMENTS = 600_000;
/** What an element takes in memory besides its bytes. */
const ELEMENT_BYTES = 100;
/** A simple string or an error. */
const LONGEST_LINE = 8_192;
const MOST_DIGITS = 19;

const [CR, LF, STAR, PLUS, MINUS, COLON, DOLLAR, ZERO] = [13, 10, 42, 43, 45, 58, 36, 48] as const;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** What is awaited: any reply, or that to SUBSCRIBE, from which on messages may come unasked. */
type Awaited = "reply" | "subscription";

function wrong(what: string): never {
  throw new RedisProtocolError(what);
}

/**
 * The check of one connection; `messages` bounds what comes unasked once it is subscribed.
 *
 * @param onMessage is given each message that came in one piece: these are nearly all, and ioredis
 * would take longer for one than all else does. Others are passed on like any reply.
 */
export function replyCheck(messages: ReplyBounds, onMessage?: OnMessage) {
  const queue: { readonly awaited: Awaited; readonly bounds: ReplyBounds }[] = [];
  let subscribed = false;
  /** Of the reply that is coming. */
  let bounds = messages;
  let size = 0;
  let elements = 0;
  /** How many elements are still to come, of each list from the outermost on. */
  const lists: number[] = [];
  /** What the list of a subscribed connection is: undefined before its first word. */
  let push: "message" | "subscribe" | "pong" | undefined;
  let isPush = false;
  /** The head of a line that is not whole yet. */
  let waiting: Uint8Array = new Uint8Array(0);
  /** Of a string: bytes to come, those of them that are kept, and whether its line end is due. */
  let left = 0;
  let kept = 0;
  let inString = false;

  function beginReply(type: number): void {
    size = elements = 0;
    push = undefined;
    isPush = subscribed && type === STAR;
    bounds = messages;
    // An error may come unasked, as to one client too many; ioredis knows what to do with it.
    if (isPush || type === MINUS) return;
    const [next] = queue;
    if (next === undefined) return wrong("a reply that nothing was asked for");
    if (next.awaited === "subscription") wrong("an answer to SUBSCRIBE of another shape");
    bounds = next.bounds;
  }

  /** A value is complete; with it the lists around it, and the reply, may be complete too. */
  function endValue(): void {
    for (let list = lists.pop(); list !== undefined; list = lists.pop()) {
      if (list > 1) return void lists.push(list - 1);
    }
    if (push !== "message") queue.shift();
  }

  function grow(bytes: number): void {
    size += bytes;
    if (size > bounds.most) throw new RedisReplyTooLargeError(bounds.most, "bytes");
  }

  function beginList(length: number): void {
    if (isPush && (lists.length > 0 || length < 2 || length > 3)) {
      wrong(`a list of ${length} on a subscribed connection`);
    }
    elements += length;
    if (elements > MOST_ELEMENTS) throw new RedisReplyTooLargeError(MOST_ELEMENTS, "elements");
    grow(length * ELEMENT_BYTES);
    if (length === 0) return endValue();
    if (lists.length === DEEPEST) wrong(`lists more than ${DEEPEST} deep`);
    lists.push(length);
  }

  /** Whether the last element of a subscription is due, which is its count. */
  const isCountDue = () => push === "subscribe" && lists[0] === 1;

  function beginString(length: number): void {
    if (isCountDue()) wrong("a subscription without a count");
    grow(length);
    left = length;
    kept = Math.min(length, bounds.kept);
    inString = true;
  }

  /** What the list of a subscribed connection is, by the word that begins it. */
  function pushOf(word: string): typeof push {
    const awaited = queue[0]?.awaited;
    if (word === "message" && lists[0] === 3) return word;
    if (word === "subscribe" && lists[0] === 3) {
      return awaited === "subscription" ? word : wrong("a subscription that nobody asked for");
    }
    if (word === "pong" && lists[0] === 2) {
      return awaited === "reply" ? word : wrong("a pong that nobody asked for");
    }
    return wrong("a list of another kind on a subscribed connection");
  }

  /**
   * Reads what begins at `at`, a line or a string's head; returns where it ends, or -1 while it is
   * not whole.
   */
  function read(bytes: Uint8Array, at: number): number {
    const type = bytes[at] ?? 0;
    if (type === PLUS || type === MINUS) return readLine(bytes, at, type);
    if (type !== COLON && type !== DOLLAR && type !== STAR) {
      return wrong(`a reply that begins with byte ${type}`);
    }
    const isNegative = bytes[at + 1] === MINUS;
    const first = isNegative ? at + 2 : at + 1;
    let next = first;
    let value = 0;
    for (let byte = bytes[next] ?? CR; byte !== CR; byte = bytes[++next] ?? CR) {
      if (byte < ZERO || byte > ZERO + 9) wrong(`a number with byte ${byte}`);
      value = value * 10 + byte - ZERO;
    }
    if (next - first > MOST_DIGITS) wrong("a number without end");
    if (next + 1 >= bytes.length) return -1;
    if (next === first || bytes[next + 1] !== LF) wrong("a number without digits or line end");
    const end = next + 2;
    const isFirst = isPush && push === undefined && lists.length === 1;
    if (isFirst) {
      if (type !== DOLLAR || isNegative || value > 9) wrong("a list that begins with no word");
      if (end + value > bytes.length) return -1;
    }
    if (lists.length === 0) beginReply(type);
    if (isNegative && type !== COLON && value !== 1) wrong("a length below zero");
    if (isFirst) push = pushOf(decoder.decode(bytes.subarray(end, end + value)));
    if (type === COLON || isNegative) {
      if (isPush && !(isCountDue() && type === COLON)) wrong("a message of another shape");
      endValue();
    } else if (type === STAR) beginList(value);
    else beginString(value);
    return end;
  }

  function readLine(bytes: Uint8Array, at: number, type: number): number {
    const stop = bytes.indexOf(CR, at);
    if ((stop < 0 ? bytes.length : stop) - at > LONGEST_LINE) {
      throw new RedisReplyTooLargeError(LONGEST_LINE, "bytes in one line");
    }
    if (stop < 0 || stop + 1 === bytes.length) return -1;
    if (bytes[stop + 1] !== LF) wrong("a line without its end");
    if (lists.length === 0) beginReply(type);
    else if (isPush || type === MINUS) wrong("an answer of another shape");
    endValue();
    return stop + 2;
  }

  /** Reads the line end of a string, as `read` does. */
  function endString(bytes: Uint8Array, at: number): number {
    if (bytes[at] !== CR || (bytes[at + 1] ?? LF) !== LF) wrong("a string without its end");
    if (at + 1 === bytes.length) return -1;
    inString = false;
    endValue();
    return at + 2;
  }

  return {
    expect(awaited: Awaited, bounds = SHORT_REPLY): void {
      queue.push({ awaited, bounds });
      subscribed ||= awaited === "subscription";
    },
    /**
     * Hands what is fit for use to `pass`, part by part. @throws {RedisProtocolError} for what no
     * Redis sends here, and {RedisReplyTooLargeError} as soon as a reply says that it is.
     */
    check(chunk: Uint8Array, pass: (part: Uint8Array) => void): void {
      const bytes = waiting.length > 0 ? Buffer.concat([waiting, chunk]) : chunk;
      waiting = bytes.subarray(bytes.length);
      let from = 0;
      let at = 0;
      /** Passes on what came before `end`, and goes on at `next`. */
      const flush = (end: number, next: number) => {
        if (end > from) pass(bytes.subarray(from, end));
        from = at = next;
      };
      while (at < bytes.length) {
        if (left > 0) {
          const here = Math.min(left, bytes.length - at);
          const keep = Math.min(here, kept);
          left -= here;
          kept -= keep;
          if (keep < here) flush(at + keep, at + here);
          else at += here;
          continue;
        }
        if (subscribed && onMessage && lists.length === 0 && !inString) {
          // What came before it is heard before it.
          flush(at, at);
          const over = handOverWhole(bytes, at, { kept: messages.kept, onMessage });
          if (over > 0) {
            from = at = over;
            continue;
          }
        }
        const end = inString ? endString(bytes, at) : read(bytes, at);
        if (end < 0) {
          waiting = bytes.slice(at);
          break;
        }
        if (left > kept) {
          // What is cut says so: ioredis waits for as much as it gets.
          flush(at, end);
          pass(encoder.encode(`$${kept}\r\n`));
        } else at = end;
      }
      flush(bytes.length - waiting.length, bytes.length);
    },
  };
}
