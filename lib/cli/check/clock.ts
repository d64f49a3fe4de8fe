/**
 * Is this machine's clock right, as far as others tell?
 *
 * @module
 */
import { isoSecond } from "../../base/text/span.ts";
import { type Finding, fine, problem } from "../../observe/health.ts";

/** What another machine's clock said, and when it was asked; milliseconds since 1970. */
export interface ClockReading {
  readonly host: string;
  readonly theirsMs: number;
  readonly oursMs: number;
}

/** A running homelab's clock says no less (a Pi without a battery starts in 1970). */
const EARLIEST_MS = Date.UTC(2025, 0, 1);
const LATEST_MS = Date.UTC(2100, 0, 1);
/** The other clock is told in whole seconds, and the answer took a while. */
const TOLERATED_MS = 30_000;

export function checkClock(nowMs: number, readings: readonly ClockReading[]): Finding[] {
  const about = (detail: string) => ({ check: "clock", subject: "clock", detail });
  if (nowMs < EARLIEST_MS || nowMs > LATEST_MS) {
    return [problem("clock_wrong", about(`it says ${isoSecond(nowMs)}`))];
  }
  const apart = readings.filter(({ theirsMs, oursMs }) =>
    Math.abs(theirsMs - oursMs) > TOLERATED_MS
  );
  if (apart.length > 0) {
    return apart.map(({ host, theirsMs, oursMs }) => {
      const seconds = Math.round(Math.abs(theirsMs - oursMs) / 1000);
      const side = theirsMs > oursMs ? "behind" : "ahead of";
      return problem("clock_differs", about(`${seconds} s ${side} that of ${host}`));
    });
  }
  const hosts = [...new Set(readings.map(({ host }) => host))].join(", ");
  return [fine(about(`${isoSecond(nowMs)}${hosts === "" ? "" : `, as on ${hosts}`}`))];
}
