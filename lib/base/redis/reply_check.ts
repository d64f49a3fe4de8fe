/**
 * Looks at what Redis sends before ioredis gets it: form, depth, size, and whether it was asked for.
 *
 * ioredis trusts its peer: a nil that nobody asked for is an exception past every promise there, and
 * a string of any length is collected. RESP2, as in Redis' protocol specification
 * (https://redis.io/docs/latest/develop/reference/protocol-spec/).
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { RedisProtocolError, RedisReplyTooLargeError } from "./errors.ts";
import { type ReplyBounds, SHORT_REPLY } from "./reply_bounds.ts";
import { handOverWhole, type OnMessage } from "./whole_message.ts";

/** Lists within lists; an answer to XREADGROUP has four. */
const DEEPEST = 8;
/** Elements of a reply, with those of the lists in it. */
const MOST_ELEMENTS = 600_000;
/** What an element takes in memory besides its bytes. */
const ELEMENT_BYTES = 100;
/** A simple string or an error. */
const LONGEST_LINE = 8_192;
const MOST_DIGITS = 19;

/** What is awaited: any answer, or that of SUBSCRIBE, from which on messages may come unasked. */
type Awaited = "answer" | "subscription";

interface ReplyCheck {
  /** A command is on its way. */
  expect(awaited: Awaited, bounds?: ReplyBounds): void;
  /**
   * Hands what is fit for use to `pass`, part by part.
   *
   * @throws {RedisProtocolError} for what no Redis sends here.
   * @throws {RedisReplyTooLargeError} as soon as a reply says that it is.
   */
  check(chunk: Uint8Array, pass: (part: Uint8Array) => void): void;
}

const CR = 13;
const LF = 10;
const STAR = 42;
const PLUS = 43;
const MINUS = 45;
const COLON = 58;
const DOLLAR = 36;
const ZERO = 48;

const encoder = new TextEncoder();
const NOTHING = new Uint8Array(0);
/** How a list begins on a connection that is subscribed, and how long it is. */
const PUSHES = (["message", "subscribe", "pong"] as const).map((word) => ({
  word,
  bytes: encoder.encode(word),
  length: word === "pong" ? 2 : 3,
}));

function wrong(what: string): never {
  throw new RedisProtocolError(what);
}

/**
 * The check of one connection; `messages` bounds what comes unasked once it is subscribed.
 *
 * @param onMessage is given each message that came in one piece: these are nearly all, and ioredis
 * would take longer for one than all else does. Others are passed on like any reply. What it is
 * given is only valid during the call.
 */
export function replyCheck(
  messages: ReplyBounds,
  onMessage?: OnMessage,
): ReplyCheck {
  const queue: { readonly awaited: Awaited; readonly bounds: ReplyBounds }[] = [];
  let subscribed = false;
  /** Of the reply that is coming. */
  let bounds = messages;
  let size = 0;
  let elements = 0;
  /** How many elements are still to come, of each list from the outermost on. */
  const lists: number[] = [];
  /** The list that a subscribed connection got: undefined before its first word. */
  let push: typeof PUSHES[number] | undefined;
  let isPush = false;
  /** The head of a line that is not whole yet. */
  let held: Uint8Array = NOTHING;
  /** Of a string: bytes to come, those of them that are kept, and its line end. */
  let left = 0;
  let kept = 0;
  let ending = 0;

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
    while (lists.length > 0) {
      const rest = (lists[lists.length - 1] ?? 0) - 1;
      lists[lists.length - 1] = rest;
      if (rest > 0) return;
      lists.pop();
    }
    if (push?.word !== "message") queue.shift();
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

  /** A number, or a nil. */
  function plainValue(type: number): void {
    const isCount = push?.word === "subscribe" && lists[0] === 1 && type === COLON;
    if (isPush && !isCount) wrong("a message of another shape");
    endValue();
  }

  function beginString(length: number): void {
    if (push?.word === "subscribe" && lists[0] === 1) wrong("a subscription without a count");
    grow(length);
    left = length;
    kept = Math.min(length, bounds.kept);
    ending = 2;
  }

  /** What the list of a subscribed connection is, by the word that begins it. */
  function pushOf(bytes: Uint8Array, at: number, length: number) {
    const found = PUSHES.find((known) =>
      known.bytes.length === length && known.length === lists[0] &&
      known.bytes.every((byte, nth) => byte === bytes[at + nth])
    );
    const next = queue[0]?.awaited;
    switch (found?.word) {
      case "message":
        return found;
      case "subscribe":
        return next === "subscription" ? found : wrong("a subscription that nobody asked for");
      case "pong":
        return next === "answer" ? found : wrong("a pong that nobody asked for");
      case undefined:
        return wrong("a list of another kind on a subscribed connection");
    }
  }

  /**
   * Reads what begins at `at`, a line or a string's first word; returns where it ends, or -1 while
   * it is not whole.
   */
  function read(bytes: Uint8Array, at: number): number {
    const type = bytes[at] ?? 0;
    if (type === PLUS || type === MINUS) return readLine(bytes, at, type);
    if (type !== COLON && type !== DOLLAR && type !== STAR) {
      return wrong(`a reply that begins with byte ${type}`);
    }
    let next = at + 1;
    const isNegative = bytes[next] === MINUS;
    if (isNegative) next++;
    const first = next;
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
    if (isFirst) push = pushOf(bytes, end, value);
    if (type === COLON || isNegative) plainValue(type);
    else if (type === STAR) beginList(value);
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

  return {
    expect(awaited, bounds = SHORT_REPLY) {
      queue.push({ awaited, bounds });
      subscribed ||= awaited === "subscription";
    },
    check(chunk, pass) {
      const bytes = held.length > 0 ? Buffer.concat([held, chunk]) : chunk;
      held = NOTHING;
      let from = 0;
      let at = 0;
      while (at < bytes.length) {
        if (left > 0) {
          const here = Math.min(left, bytes.length - at);
          const keep = Math.min(here, kept);
          left -= here;
          kept -= keep;
          at += keep;
          if (keep === here) continue;
          if (at > from) pass(bytes.subarray(from, at));
          from = at += here - keep;
        } else if (ending > 0) {
          if (bytes[at++] !== (ending-- === 2 ? CR : LF)) wrong("a string without its end");
          if (ending === 0) endValue();
        } else {
          const over = subscribed && onMessage && lists.length === 0
            ? handOverWhole(bytes, at, { kept: messages.kept, onMessage })
            : -1;
          if (over > 0) {
            if (at > from) pass(bytes.subarray(from, at));
            from = at = over;
            continue;
          }
          const end = read(bytes, at);
          if (end < 0) {
            held = bytes.slice(at);
            break;
          }
          if (left > kept) {
            // What is cut says so: ioredis waits for as much as it gets.
            if (at > from) pass(bytes.subarray(from, at));
            pass(encoder.encode(`$${kept}\r\n`));
            from = end;
          }
          at = end;
        }
      }
      const until = bytes.length - held.length;
      if (until > from) pass(bytes.subarray(from, until));
    },
  };
}
