import { isoSecond } from "../../base/text/span.ts";
import { about, type Finding } from "../../observe/health.ts";

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

/** Is this machine's clock right, as far as others tell? */
export function checkClock(nowMs: number, readings: readonly ClockReading[]): Finding[] {
  const clock = about("clock", "clock");
  const time = isoSecond(nowMs);
  if (nowMs < EARLIEST_MS || nowMs > LATEST_MS) {
    return [clock.problem("clock_wrong", `it says ${time}`)];
  }
  const apart = readings.flatMap(({ host, theirsMs, oursMs }) => {
    const ms = theirsMs - oursMs;
    if (Math.abs(ms) <= TOLERATED_MS) return [];
    const side = ms > 0 ? "behind" : "ahead of";
    const detail = `${Math.round(Math.abs(ms) / 1000)} s ${side} that of ${host}`;
    return [clock.problem("clock_differs", detail)];
  });
  if (apart.length > 0) return apart;
  const hosts = [...new Set(readings.map(({ host }) => host))].join(", ");
  return [clock.fine(`${time}${hosts === "" ? "" : `, as on ${hosts}`}`)];
}
