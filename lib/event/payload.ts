import { isObject, parseJson } from "../base/json.ts";
import { wordSet } from "../base/text/tables.ts";

export type Fields = Readonly<Record<string, unknown>>;

const NOTHING: Fields = Object.freeze({});

const MOST_WRAPPERS = 2; // senders that write JSON twice put it into a string

const ENVELOPE = wordSet(`
  type event_type node service severity timestamp payload details id source correlation_id
  location_tag`);

/**
 * `payload`, or `details` where that is empty, with the `message` beside them. A message that has
 * neither may bring its data at the top: then that is the payload.
 */
export function payloadOf(raw: Fields): Fields {
  const { payload, details, message } = raw;
  // The way of most messages, kept cheap.
  if (message === undefined && isObject(payload) && hasKeys(payload)) return payload;
  const told = isTruthy(payload) ? payload : details;
  if (!isTruthy(told)) return restOf(raw);
  const fields = fieldsOf(told);
  return isTruthy(message) ? { message, ...fields } : fields;
}

/** Whether Python would count a JSON value as true. */
export function isTruthy(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return Boolean(value);
  return Array.isArray(value) ? value.length > 0 : hasKeys(value);
}

export function hasKeys(value: object): boolean {
  for (const _ in value) return true;
  return false;
}

/** A text, a list or a number as the one field of an object; JSON in a string is what it says. */
function fieldsOf(value: unknown): Fields {
  let told = value;
  for (let i = 0; i < MOST_WRAPPERS && typeof told === "string"; i++) {
    const inner = /^\s*[[{"]/.test(told) ? parseJson(told) : undefined;
    if (inner === undefined) return { text: told };
    told = inner;
  }
  if (isObject(told)) return told;
  if (typeof told === "string") return { text: told };
  return Array.isArray(told) ? { items: told } : { value: told };
}

function restOf(raw: Fields): Fields {
  for (const key in raw) {
    if (ENVELOPE.has(key)) continue;
    return Object.fromEntries(Object.entries(raw).filter(([each]) => !ENVELOPE.has(each)));
  }
  return NOTHING;
}
