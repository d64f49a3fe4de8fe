/**
 * Secrets taken out of what is shown, logged, stored or sent to a model.
 *
 * @module
 */
import { commandLines, commandRules, secretArgument } from "./redact/commands.ts";
import { encodedSecrets, textOfBytes } from "./redact/encoded.ts";
import { isProse, looksLikeCode, type SecretKind, secretKind } from "./redact/keys.ts";
import { namedValues } from "./redact/pairs.ts";
import { jsonWebTokens, knownTokens, privateKeyEdge, privateKeys } from "./redact/shapes.ts";
import { REDACTED, replaceSpans } from "./redact/spans.ts";
import { plainSpelling, withoutLookalikes } from "./redact/spelling.ts";
import { secretStatements } from "./redact/statements.ts";
import { bareUsers, urlUsers } from "./redact/urls.ts";

function redactOnce(given: string, decodes = true): string {
  const shown = plainSpelling(given);
  // Of the same length: places in it are places in what is shown.
  const text = withoutLookalikes(shown);
  const spans: [number, number][] = [];
  const report = (start: number, end: number) => {
    if (end > start && text.slice(start, Math.min(end, start + 11)) !== REDACTED) {
      spans.push([start, end]);
    }
  };
  privateKeys(text, report);
  jsonWebTokens(text, report);
  if (text.includes("/") || text.includes("%")) urlUsers(text, report);
  if (text.includes("@")) bareUsers(text, report);
  namedValues(text, report);
  commandLines(text, report);
  knownTokens(text, report);
  secretStatements(text, report);
  // What is decoded is read once more, and no deeper.
  if (decodes) {
    encodedSecrets(text, (plain) => redactOnce(plain, false) !== plainSpelling(plain), report);
  }
  return spans.length === 0 ? shown : replaceSpans(shown, spans);
}

/** One rewrite can complete another pattern; more rounds than this were never seen. */
const MOST_ROUNDS = 4;

/**
 * The text with every recognized secret replaced by `[redacted]`. It sees through quotes, JSON
 * and URLs in the text, not through ANSI codes and invisible characters: clean those first.
 * Takes time linear in the text's length.
 */
export function redactText(text: string): string {
  if (text.length < 4) return text;
  let before = text;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const after = redactOnce(before);
    if (after === before) break;
    before = after;
  }
  return before;
}

interface RedactOptions {
  /** What is done with each string and key. @default {redactText} */
  readonly text?: (text: string) => string;
  /** Levels of nesting that are kept. @default {32} */
  readonly depth?: number;
  /** Entries of one object or list that are kept, from both its ends. @default {1000} */
  readonly entries?: number;
  /** Entries that are kept in all. @default {10_000} */
  readonly total?: number;
}

interface Walk extends Required<RedactOptions> {
  left: number;
}

/**
 * A copy of a JSON value without secrets: the values of secret-looking keys and of name/value
 * pairs, secret command arguments and everything {@linkcode redactText} finds. What is nested too
 * deep or too numerous is left out and marked.
 */
export function redactValue(value: unknown, options: RedactOptions = {}): unknown {
  const { text = redactText, depth = 32, entries = 1000, total = 10_000 } = options;
  return copy(value, { text, depth, entries, total, left: total }, depth);
}

/** @param under the key that holds the value, "" in a list */
function copy(value: unknown, walk: Walk, levels: number, under = ""): unknown {
  if (typeof value === "string") return walk.text(value);
  if (typeof value === "bigint") return String(value);
  if (typeof value !== "object" || value === null) return value;
  if (levels <= 0) return "[nested too deep]";
  return Array.isArray(value)
    ? copyList(value, walk, levels - 1)
    : copyObject(value as Record<string, unknown>, { walk, levels: levels - 1, under });
}

/** The indices of a container of `length` entries that are kept: `[0, head)` and `[tail, length)`. */
function kept(length: number, walk: Walk): { head: number; tail: number } {
  const room = Math.min(walk.entries, walk.left);
  if (length <= room) {
    walk.left -= length;
    return { head: length, tail: length };
  }
  const head = Math.ceil(room / 2);
  walk.left -= room;
  return { head, tail: length - (room - head) };
}

const omitted = (count: number) => `[${count} entries left out]`;

/** A value under a secret-looking key. */
function hide(value: unknown, kind: SecretKind, walk: Walk, levels: number): unknown {
  switch (typeof value) {
    case "string": {
      const harmless = value === "" || (kind === "code" && !looksLikeCode(value)) ||
        (kind === "weak" && isProse(value)) ||
        (kind === "plural" && /^\d{1,12}$/.test(value));
      return harmless ? value : REDACTED;
    }
    case "number":
    case "bigint":
      if (kind === "code") return looksLikeCode(String(value)) ? REDACTED : value;
      return kind === "plural" || kind === "weak" ? copy(value, walk, levels) : REDACTED;
    case "object":
      if (value === null) return null;
      return kind === "weak" && !Array.isArray(value) ? copy(value, walk, levels) : REDACTED;
    default:
      return value;
  }
}

const NAME_FIELDS = ["name", "key", "k", "id", "field", "param", "parameter", "option", "setting"]
  .concat(["property", "attribute", "header", "variable", "var", "env", "label", "path"]);
const VALUE_FIELD =
  /^(?:value|val|v|content|data|new|old|from|to|default|current|previous|actual|expected|got|(?:new|old)_?(?:value|val)|before|after)$/i;

/** The kind of secret in `value` of `{"name": "DB_PASSWORD", "value": "..."}`. */
function namedKind(object: Record<string, unknown>): SecretKind {
  for (const [field, name] of Object.entries(object).slice(0, 16)) {
    if (
      typeof name === "string" && name.length < 256 && NAME_FIELDS.includes(field.toLowerCase())
    ) {
      const kind = secretKind(name);
      if (kind !== "none") return kind;
    }
  }
  return "none";
}

/** Of a Kubernetes Secret everything but the names. */
const isSecretsData = (object: Record<string, unknown>, key: string) =>
  object.kind === "Secret" && (key === "data" || key === "stringData");

function copyObject(
  object: Record<string, unknown>,
  { walk, levels, under }: { walk: Walk; levels: number; under: string },
): unknown {
  const keys = Object.keys(object);
  const { head, tail } = kept(keys.length, walk);
  // Without a prototype, a key "__proto__" is a key like any other.
  const result: Record<string, unknown> = Object.create(null);
  const named = namedKind(object);
  for (let i = 0; i < keys.length; i = i + 1 === head && head < tail ? tail : i + 1) {
    const key = keys[i] ?? "";
    const value = object[key];
    // `encryption: {key: ...}`: alone, "key" says nothing.
    let kind = secretKind(/^keys?$/i.test(key) ? `${under} ${key}` : key);
    if (isSecretsData(object, key)) kind = "secret";
    if (kind === "none" && named !== "none" && VALUE_FIELD.test(key)) {
      kind = named;
    }
    result[walk.text(key)] = kind === "none"
      ? copy(value, walk, levels, key)
      : hide(value, kind, walk, levels);
    if (i + 1 === head && head < tail) result["…"] = omitted(tail - head);
  }
  if (head === 0 && tail > 0) result["…"] = omitted(tail);
  return result;
}

/** Lines of a private key that came as a list of lines; RSA with 8192 bits has about 100. */
const MOST_KEY_LINES = 128;

const ASSIGNMENT = /^-{0,2}([\w.-]{1,128})=(?!$)/;

/** The text of a list of bytes (`Buffer.toJSON` of Node.js, say) that hides a secret. */
function bytesWithSecret(list: readonly unknown[], walk: Walk): string | undefined {
  const isByte = (value: unknown) =>
    Number.isInteger(value) && (value as number) >= 0 && (value as number) < 256;
  if (list.length < 6 || list.length > 65_536 || !list.every(isByte)) return undefined;
  const text = textOfBytes(Uint8Array.from(list as number[]));
  if (text === undefined) return undefined;
  const shown = redactText(text);
  return shown === text ? undefined : walk.text(text);
}

/** A list: of values, of `NAME=value` settings, of a command's arguments, or of text lines. */
function copyList(list: readonly unknown[], walk: Walk, levels: number): unknown {
  const secretBytes = bytesWithSecret(list, walk);
  if (secretBytes !== undefined) return secretBytes;
  const { head, tail } = kept(list.length, walk);
  const result: unknown[] = [];
  let command: ReturnType<typeof commandRules>;
  let secretNext = false;
  let keyLines = 0;
  const element = (value: unknown): unknown => {
    if (typeof value !== "string") {
      const hidden = secretNext && (typeof value === "number" || typeof value === "object");
      secretNext = false;
      return hidden && value !== null ? REDACTED : copy(value, walk, levels);
    }
    const edge = privateKeyEdge(value);
    if (keyLines > 0 || edge === "ends") {
      keyLines = edge === "ends" ? 0 : keyLines - 1;
      return REDACTED;
    }
    if (edge === "begins") keyLines = MOST_KEY_LINES;
    if (secretNext && !(value.startsWith("-") && value.length < 32 && /^--?[a-z]/.test(value))) {
      secretNext = false;
      return REDACTED;
    }
    secretNext = false;
    const name = ASSIGNMENT.exec(value);
    if (name && secretKind(name[1] ?? "") !== "none") {
      return walk.text(name[0]) + REDACTED;
    }
    command = commandRules(value) ?? command;
    const found = command && secretArgument(command, value);
    if (typeof found === "number") return value.slice(0, found) + REDACTED;
    secretNext = found === "next" ||
      (value.length <= 128 && /^[\w.-]+:?$/.test(value) && secretKind(value) !== "none");
    return walk.text(value);
  };
  for (let i = 0; i < head; i++) result.push(element(list[i]));
  if (head < tail) {
    result.push(omitted(tail - head));
    // What was left out may have opened a key or announced a secret.
    for (let i = Math.max(head, tail - 200); i < tail; i++) {
      const skipped = list[i];
      if (typeof skipped !== "string") continue;
      const edge = privateKeyEdge(skipped);
      if (edge !== "none") keyLines = edge === "begins" ? MOST_KEY_LINES : 0;
      command = commandRules(skipped) ?? command;
      secretNext = command !== undefined && secretArgument(command, skipped) === "next" ||
        (skipped.length <= 128 && secretKind(skipped) !== "none");
    }
    for (let i = tail; i < list.length; i++) result.push(element(list[i]));
  }
  return result;
}
