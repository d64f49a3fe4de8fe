import { commandRules, secretArgument } from "./redact/commands.ts";
import { textOfBytes } from "./redact/encoded.ts";
import {
  isFolder,
  isProse,
  looksLikeCode,
  looksRandom,
  looksSecret,
  placeholderEnd,
  type SecretKind,
  secretKind,
} from "./redact/keys.ts";
import { privateKeyEdge } from "./redact/private_keys.ts";
import { redactOnce } from "./redact/rules.ts";
import { REDACTED } from "./redact/search.ts";
import { wordSet } from "./tables.ts";

/** One rewrite can complete another pattern; more rounds than this were never seen. */
const MOST_ROUNDS = 4;
/** A short word alone: every rule wants a longer one, or a sign between two. */
const SHORT_WORD = /^[\w.-]{0,9}$/;

/**
 * The text with every recognized secret replaced by `[redacted]`, in time linear in its length. It
 * sees through quotes, JSON and URLs, not through ANSI codes and invisible characters: clean those
 * first.
 */
export function redactText(text: string): string {
  if (text.length < 4 || (SHORT_WORD.test(text) && !text.includes("eyJ"))) return text;
  let before = text;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const after = redactOnce(before);
    if (after === before) break;
    before = after;
  }
  return before;
}

interface Walk {
  /** What is done with each string and key. */
  readonly text: (text: string) => string;
  /** Entries of one object or list that are kept, from both its ends. */
  readonly entries: number;
  /** Entries that may still be kept, in all. */
  left: number;
}

/**
 * A copy of a JSON value without secrets: what secret-looking keys and names hold, secret arguments
 * of commands, and all that `text` finds in strings and keys. What is nested deeper than `depth`, or
 * more than `entries` of one container or `total` in all, is left out and marked.
 */
export function redactValue(
  value: unknown,
  { text = redactText, depth = 32, entries = 1000, total = 10_000 } = {},
): unknown {
  return copy(value, { text, entries, left: total }, depth);
}

/** @param under the key that holds an object, the command that a list of arguments stands beside */
function copy(value: unknown, walk: Walk, levels: number, under = ""): unknown {
  if (typeof value === "string") return walk.text(value);
  if (typeof value === "bigint") return String(value);
  if (typeof value !== "object" || value === null) return value;
  if (levels <= 0) return "[nested too deep]";
  return Array.isArray(value)
    ? copyList(value, walk, levels - 1, under)
    : copyObject(value as Record<string, unknown>, walk, levels - 1, under);
}

/** The indices of a container of `length` entries that are kept: `[0, head)` and `[tail, length)`. */
function kept(length: number, walk: Walk) {
  const room = Math.min(walk.entries, walk.left, length);
  walk.left -= room;
  const head = room === length ? length : Math.ceil(room / 2);
  const tail = length - (room - head);
  return { head, tail, omitted: `[${tail - head} entries left out]` };
}

/** A value under a secret-looking key. */
function hide(value: unknown, kind: SecretKind, walk: Walk, levels: number): unknown {
  if (typeof value === "string") return isHarmless(value, kind) ? value : REDACTED;
  if (typeof value === "number" || typeof value === "bigint") {
    const isCount = kind === "plural" || kind === "weak" || kind === "random";
    const isShown = kind === "code" ? !looksLikeCode(String(value)) : isCount;
    return isShown ? copy(value, walk, levels) : REDACTED;
  }
  if (typeof value !== "object" || value === null) return value;
  return (kind === "weak" || kind === "random") && !Array.isArray(value)
    ? copy(value, walk, levels)
    : REDACTED;
}

function isHarmless(value: string, kind: SecretKind): boolean {
  return value === "" || /^(?:true|false|null|none)$/i.test(value) ||
    placeholderEnd(value, 0) === value.length || (kind === "code" && !looksLikeCode(value)) ||
    (kind === "random" && !looksRandom(value)) ||
    (kind === "weak" && isProse(value)) || (kind === "plural" && /^\d{1,12}$/.test(value));
}

const NAME_FIELDS = wordSet(`
  name key k id field param parameter option setting property attribute header variable var env
  label path entity_id type question prompt title column`);
const VALUE_FIELD =
  /^(?:values?|val|v|content|data|text|answer|input|arg|argument|new|old|from|to|default|current|previous|actual|expected|got|(?:new|old)_?(?:value|val|state)|state|before|after)$/i;

/** The kind of secret in `value` of `{"name": "DB_PASSWORD", "value": "..."}`. */
function namedKind(object: Record<string, unknown>, keys: readonly string[]): SecretKind {
  for (const field of keys.slice(0, 16)) {
    const name = object[field];
    if (typeof name !== "string" || name.length >= 256) continue;
    const kind = NAME_FIELDS.has(field.toLowerCase()) ? secretKind(name) : "none";
    if (kind !== "none") return kind;
  }
  return "none";
}

function copyObject(
  object: Record<string, unknown>,
  walk: Walk,
  levels: number,
  under: string,
): unknown {
  const keys = Object.keys(object);
  const { head, tail, omitted } = kept(keys.length, walk);
  // Without a prototype, a key "__proto__" is a key like any other.
  const result: Record<string, unknown> = Object.create(null);
  const named = namedKind(object, keys);
  const field = keys.slice(0, 16).find((key) =>
    /^(?:cmd|command|argv0|exe|comm|program)$/i.test(key)
  );
  const program = field && typeof object[field] === "string" ? object[field] : "";
  const kindOf = (key: string): SecretKind => {
    // Of a Kubernetes Secret everything but the names.
    if (object.kind === "Secret" && (key === "data" || key === "stringData")) return "secret";
    // Of a JSON Web Key (RFC 7517) what only its owner has.
    if (typeof object.kty === "string" && /^(?:k|d|dp|dq|p|q|qi)$/.test(key)) return "secret";
    // `encryption: {key: ...}`: alone, "key" says nothing.
    const kind = secretKind(/^keys?$/i.test(key) ? `${under} ${key}` : key);
    return kind === "none" && VALUE_FIELD.test(key) ? named : kind;
  };
  const add = (key: string) => {
    const kind = kindOf(key);
    const value = object[key];
    const isShown = kind === "none" || (typeof value === "string" && isFolder(key, value));
    result[walk.text(key)] = isShown
      ? copy(value, walk, levels, Array.isArray(value) ? program : key)
      : hide(value, kind, walk, levels);
  };
  keys.slice(0, head).forEach(add);
  if (head < tail) result["…"] = omitted;
  keys.slice(tail).forEach(add);
  return result;
}

/** Lines of a private key that came as a list of lines; RSA with 8192 bits has about 100. */
const MOST_KEY_LINES = 128;
/** What was left out of a list is still looked at so far back, for what it announces. */
const LOOKED_BACK = 200;

/** `Enter password:` */
const PROMPT = /^(?:[\w' ().@/-]{1,80} )?([\w.-]{2,32})[:?]\s{0,4}$/;
const ASSIGNMENT = /^-{0,2}([\w.-]{1,128})=(?!$)/;

/** The text of a list of bytes (`Buffer.toJSON` of Node.js, say) that hides a secret. */
function bytesWithSecret(list: readonly unknown[], walk: Walk): string | undefined {
  const isByte = (value: unknown) =>
    Number.isInteger(value) && (value as number) >= 0 && (value as number) < 256;
  if (list.length < 6 || list.length > 65_536 || !list.every(isByte)) return undefined;
  const text = textOfBytes(Uint8Array.from(list as number[]));
  return text === undefined || redactText(text) === text ? undefined : walk.text(text);
}

/** A list: of values, of `NAME=value` settings, of a command's arguments, or of text lines. */
function copyList(
  list: readonly unknown[],
  walk: Walk,
  levels: number,
  program: string,
): unknown {
  const secretBytes = bytesWithSecret(list, walk);
  if (secretBytes !== undefined) return secretBytes;
  const { head, tail, omitted } = kept(list.length, walk);
  let command = commandRules(program);
  let secretNext = false;
  let isPrompted = false;
  let keyLines = 0;
  const isName = (value: string) => value.length <= 128 && secretKind(value) !== "none";

  function element(value: unknown): unknown {
    const announced = secretNext;
    const prompted = isPrompted;
    isPrompted = secretNext = false;
    if (typeof value !== "string") {
      const hidden = announced && value !== null && /^(?:number|object)$/.test(typeof value);
      return hidden ? REDACTED : copy(value, walk, levels);
    }
    const edge = privateKeyEdge(value);
    if (keyLines > 0 || edge === "ends") {
      keyLines = edge === "ends" ? 0 : keyLines - 1;
      secretNext = announced;
      return REDACTED;
    }
    if (edge === "begins") keyLines = MOST_KEY_LINES;
    if (announced && !(value.length < 32 && /^--?[a-z]/.test(value))) return REDACTED;
    const [setting = "", name = ""] = ASSIGNMENT.exec(value) ?? [];
    const kind = secretKind(name);
    const given = value.slice(setting.length);
    const isCount = kind === "plural" && /^\d{1,12}(?!\S)/.test(given);
    if (
      kind !== "none" && !isCount && (kind === "code" || !isHarmless(given, kind)) &&
      !isFolder(name, given)
    ) {
      return walk.text(setting) + REDACTED;
    }
    if (prompted && /^\S{4,}$/.test(value) && looksSecret(value)) return REDACTED;
    command = commandRules(value) ?? command;
    const found = command && secretArgument(command, value);
    if (typeof found === "number") return value.slice(0, found) + REDACTED;
    isPrompted = secretKind(PROMPT.exec(value.slice(0, 120))?.[1] ?? "") !== "none";
    secretNext = found === "next" || (/^[\w.-]+:?$/.test(value) && isName(value));
    return walk.text(value);
  }

  /** What was left out may have opened a key or announced a secret. */
  function skip(value: unknown): void {
    if (typeof value !== "string") return;
    const edge = privateKeyEdge(value);
    if (edge !== "none") keyLines = edge === "begins" ? MOST_KEY_LINES : 0;
    command = commandRules(value) ?? command;
    secretNext = (command && secretArgument(command, value)) === "next" || isName(value);
  }

  const result = list.slice(0, head).map(element);
  if (head < tail) result.push(omitted);
  list.slice(Math.max(head, tail - LOOKED_BACK), tail).forEach(skip);
  for (const value of list.slice(tail)) result.push(element(value));
  return result;
}
