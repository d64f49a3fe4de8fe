/**
 * Names and messages that nobody sends by intention, or only by a bad one.
 *
 * @module
 */
import { MAX_MESSAGE_BYTES } from "../../lib/event/message.ts";

const encoder = new TextEncoder();

const NAMES: readonly ((n: number) => string)[] = [
  (n) => `../../../../etc/cron.d/${n}`,
  (n) => `svc\u0000${n}`,
  (n) => `\u001b[2J\u001b[31mred${n}`,
  (n) => `line\nevent=forged ${n}`,
  (n) => `${"long".repeat(200)}${n}`,
  (n) => `\u202etxt.exe${n}`,
  (n) => `zero\u200bwidth${n}`,
  (n) => `\ud83d\ude80 launch ${n}`,
  (n) => `\ud800${n}`,
  (n) => `__proto__${n % 3 === 0 ? "" : n}`,
  (n) => `a b"c'd\\e$(reboot)${n}`,
  (n) => `--flag=${n}`,
  (n) => `CON.${n}`,
  (n) => `сервис-${n}`,
];

/** A name that differs from the others by `n`. */
export function hostileName(n: number): string {
  return (NAMES[n % NAMES.length] ?? String)(n);
}

const TEXTS: readonly ((n: number) => string)[] = [
  (n) => `not json ${n}`,
  (n) => `{"type":"service_unhealthy","node":"piha","n":${n}`,
  (n) => `[${n}]`,
  (n) => String(n),
  () => "",
  () => "null",
  (n) => `"text ${n}"`,
  (n) => `${"[".repeat(5_000)}${n}`,
  (n) => `{"type":'service_unhealthy',"n":${n}}`,
];

/** A message that is no JSON object in UTF-8. */
export function malformedMessage(n: number): Uint8Array {
  if (n % 10 === 9) return Uint8Array.of(0x7b, 0xff, 0xfe, n & 0x7f, 0x7d);
  return encoder.encode((TEXTS[n % TEXTS.length] ?? String)(n));
}

/** A message that is one byte too long. */
export const OVERSIZE_MESSAGE: Uint8Array = encoder.encode(
  `{"type":"service_unhealthy","node":"piha","log":"`.padEnd(MAX_MESSAGE_BYTES - 1, "x") + '"}',
);

const OBJECTS: readonly ((n: number) => Readonly<Record<string, unknown>>)[] = [
  () => ({}),
  (n) => ({ type: `t${n}` }),
  (n) => ({ node: `n${n}`, payload: {} }),
  (n) => ({ type: ["service_unhealthy"], node: `n${n}` }),
  (n) => ({ type: "service_unhealthy", node: { name: n } }),
  (n) => ({ [`key-${n}`]: n }),
];

/** A JSON object that is no event. */
export function noEvent(n: number): Readonly<Record<string, unknown>> {
  return (OBJECTS[n % OBJECTS.length] ?? (() => ({})))(n);
}

/** JSON text of an object that is nested `depth` times. */
export function nestedObject(depth: number): string {
  return `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;
}
