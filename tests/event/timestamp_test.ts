import assert from "node:assert/strict";
import fc from "fast-check";
import { parseTimestamp, type TimeReplacement } from "../../lib/event/timestamp.ts";

const NOW = Date.UTC(2026, 0, 2, 3, 4, 30);
const NOW_SECONDS = 1767323070;

const TAKEN: readonly (readonly [unknown, number])[] = [
  ["2026-01-02T03:04:05Z", 1767323045],
  ["2026-01-02t03:04:05z", 1767323045],
  ["2026-01-02 03:04:05", 1767323045],
  ["2026-01-02T03:04:05", 1767323045],
  ["2026-01-02T03:04", 1767323040],
  ["2026-01-02T03", 1767322800],
  ["2026-01-02", 1767312000],
  ["20260102", 1767312000],
  ["20260102T030405Z", 1767323045],
  ["  2026-01-02T03:04:05Z\n", 1767323045],
  ["2026-01-02T03:04:05+00:00", 1767323045],
  ["2026-01-02T03:04:05-00:00", 1767323045],
  ["2026-01-02T05:04:05+02:00", 1767323045],
  ["2026-01-02T05:04:05+0200", 1767323045],
  ["2026-01-02T05:04:05+02", 1767323045],
  ["2026-01-01T21:34:05-05:30", 1767323045],
  ["2026-01-02T08:49:05.5+05:45", 1767323045.5],
  ["2026-01-02 03:04:05 +0000", 1767323045],
  ["2026-01-02 03:04:05 UTC", 1767323045],
  ["2026-01-02 03:04:05.123456789 +0000 UTC", 1767323045.123456789], // Go's Time.String
  ["2026-01-02 04:04:05 +0100 CET", 1767323045], // docker ps: CreatedAt
  ["2026-01-02T03:04:05.1Z", 1767323045.1],
  ["2026-01-02 03:04:05,123", 1767323045.123], // Python's logging
  ["2026-01-02T03:04:05.123456Z", 1767323045.123456],
  ["2026-01-02T04:04:05.123456789+01:00", 1767323045.123456789],
  ["2026-01-02T03:04:05.123456789012345678901234567890Z", 1767323045.123456789],
  [`2026-01-02T03:04:05.5${"0".repeat(400)}Z`, 1767323045.5],
  [`2026-01-02T03:04:05.5${"0".repeat(490)}Z`, 1767323045.5],
  ["1/2/2026 12:04:05 AM", 1767312245],
  ["1/1/2026 12:04:05 PM", 1767269045],
  ["2024-02-29T00:00:00Z", 1709164800],
  ["2020-01-01T00:00:00Z", 1577836800],
  ["2025-12-31T23:59:60Z", 1767225600], // a leap second is the second after it
  ["2026-01-01T00:59:60+01:00", 1767225600],
  [1767323045, 1767323045],
  [1767323045.75, 1767323045.75],
  ["1767323045", 1767323045],
  [" 1767323045.75 ", 1767323045.75],
  ["1767323045.", 1767323045],
  ["+1767323045", 1767323045],
  ["1.767323045e9", 1767323045],
  ["1.767323045E+9", 1767323045],
  [1767323045123, 1767323045.123],
  ["1767323045123", 1767323045.123],
  [1767323045123.5, 1767323045.1235],
  [1767323045123456, 1767323045.123456],
  ["1767323045123456", 1767323045.123456],
  [1767323045123456789, 1767323045.123456789], // docker events: timeNano
  ["1767323045123456789", 1767323045.123456789],
  [1577836800, 1577836800],
  [NOW_SECONDS + 86_400, NOW_SECONDS + 86_400],
];

for (const [raw, seconds] of TAKEN) {
  Deno.test(`parseTimestamp: takes ${JSON.stringify(raw).slice(0, 70)}`, () => {
    assert.deepEqual(parseTimestamp(raw, NOW), { seconds });
  });
}

Deno.test("parseTimestamp: a missing time is now, which needs no reason", () => {
  assert.deepEqual(parseTimestamp(undefined, NOW), { seconds: NOW_SECONDS });
  assert.deepEqual(parseTimestamp(null, NOW + 250), { seconds: NOW_SECONDS + 0.25 });
});

const REPLACED: Readonly<Record<TimeReplacement, readonly unknown[]>> = {
  not_a_time: [
    "",
    "   ",
    "yesterday",
    "now",
    "NaN",
    "Infinity",
    "1e400",
    "0x69573d65",
    "1_767_323_045",
    "2026-1-2",
    "2026-0102",
    "2026-01-02T",
    "2026-01-02T03:04:05.Z",
    "2026-01-02T03:04:05+2",
    "2026-01-02T03:04:05Z and more",
    "Xyz Jan 2 03:04:05",
    "01/02/2026 03:04:05",
    "2026-01-02 03:04:05 XYZT",
    [2026, 1],
    { seconds: "x" },
    "٢٠٢٦-٠١-٠٢",
    "9".repeat(400),
    "9".repeat(1_000_000),
    " ".repeat(1_000_000),
    NaN,
    Infinity,
    -Infinity,
    true,
    false,
    [],
    [1767323045],
    {},
    { time_t: 1767323045, asctime: "Fri Jan  2 03:04:05 2026 UTC" }, // smartctl's local_time
  ],
  impossible_date: [
    "2026-02-30",
    "2026-02-29T00:00:00Z",
    "2100-02-29T00:00:00Z",
    "2026-04-31T00:00:00Z",
    "2026-13-01T00:00:00Z",
    "2026-00-01",
    "2026-01-00",
    "2026-01-32",
    "20260230",
    "2026-01-02T25:00:00Z",
    "2026-01-02T24:00:00Z",
    "2026-01-02T03:60:00Z",
    "2026-01-02T03:04:61Z",
    "2026-01-02T03:04:60Z", // no leap second falls there
    "2026-01-02T03:04:05+24:00",
    "2026-01-02T03:04:05+02:60",
  ],
  out_of_range: [
    "0001-01-01T00:00:00Z", // Go's zero time
    "0026-01-02T03:04:05Z",
    "1970-01-01T00:00:12Z",
    "1970-01-01T00:00:00+01:00",
    "2019-12-31T23:59:59.999Z",
    "2099-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
    0,
    -0,
    12.5,
    -62135596800,
    1577836799,
    NOW_SECONDS + 86_401,
    4070908800,
    4070908800000,
    1e21,
    Number.MAX_VALUE,
    "2026",
    "12.5",
    "-1767323045",
    "2026010203",
  ],
};

for (const reason of ["not_a_time", "impossible_date", "out_of_range"] as const) {
  for (const raw of REPLACED[reason]) {
    Deno.test(`parseTimestamp: ${reason}: ${JSON.stringify(raw).slice(0, 50)}`, () => {
      assert.deepEqual(parseTimestamp(raw, NOW), { seconds: NOW_SECONDS, replaced: reason });
    });
  }
}

Deno.test("parseTimestamp: a clock before 2020 believes times from 2020 to 2100", () => {
  const boot = 12_500;
  assert.deepEqual(parseTimestamp("2026-01-02T03:04:05Z", boot), { seconds: 1767323045 });
  assert.deepEqual(parseTimestamp(1767323045123, boot), { seconds: 1767323045.123 });
  assert.deepEqual(parseTimestamp("2100-01-01", boot), { seconds: 4102444800 });
  for (const raw of [13, "2019-12-31T00:00:00Z", "2100-01-01T00:00:01Z"]) {
    assert.deepEqual(parseTimestamp(raw, boot), { seconds: 12.5, replaced: "out_of_range" });
  }
});

const plausibleMs = fc.integer({ min: Date.UTC(2020, 0), max: NOW });

Deno.test("parseTimestamp: every form of one moment gives the same seconds", () => {
  fc.assert(fc.property(plausibleMs, fc.integer({ min: -1439, max: 1439 }), (ms, offset) => {
    const seconds = ms / 1000;
    const zone = `${offset < 0 ? "-" : "+"}${
      [Math.trunc(Math.abs(offset) / 60), Math.abs(offset) % 60]
        .map((n) => String(n).padStart(2, "0")).join(":")
    }`;
    const local = new Date(ms + offset * 60_000).toISOString().slice(0, -1);
    const forms = [
      new Date(ms).toISOString(),
      local + zone,
      local.replace("T", " ") + zone.replace(":", ""),
      seconds,
      String(seconds),
      seconds.toExponential(),
      ms,
      String(ms),
      ms * 1000,
    ];
    for (const form of forms) assert.deepEqual(parseTimestamp(form, NOW), { seconds }, `${form}`);
    // A double holds nanoseconds since 1970 to the nearest 256.
    assert.ok(Math.abs(parseTimestamp(`${ms}000000`, NOW).seconds - seconds) < 1e-6);
  }));
});

Deno.test("parseTimestamp: a fraction of 1 to 30 digits is the nearest double", () => {
  const digits = fc.string({ unit: fc.constantFrom(..."0123456789"), minLength: 1, maxLength: 30 });
  fc.assert(fc.property(digits, (fraction) => {
    assert.equal(
      parseTimestamp(`2026-01-02T03:04:05.${fraction}Z`, NOW).seconds,
      Number(`1767323045.${fraction}`),
    );
  }));
});

Deno.test("parseTimestamp: exactly the days of the calendar are taken", () => {
  const part = (max: number) => fc.integer({ min: 0, max });
  fc.assert(fc.property(fc.integer({ min: 2020, max: 2025 }), part(13), part(32), (y, m, d) => {
    const pad = (n: number) => String(n).padStart(2, "0");
    const text = `${y}-${pad(m)}-${pad(d)}`;
    const date = new Date(Date.UTC(y, m - 1, d));
    const real = date.getUTCMonth() === m - 1 && date.getUTCDate() === d;
    assert.deepEqual(
      parseTimestamp(text, NOW),
      real
        ? { seconds: date.getTime() / 1000 }
        : { seconds: NOW_SECONDS, replaced: "impossible_date" },
    );
  }));
});

Deno.test("parseTimestamp: anything gives a finite, plausible time", () => {
  const odd = fc.oneof(
    fc.anything(),
    fc.double(),
    fc.string({ unit: fc.constantFrom(..."0123456789-+:.,TtZz eE "), maxLength: 40 }),
  );
  fc.assert(
    fc.property(odd, (raw) => {
      const { seconds } = parseTimestamp(raw, NOW);
      assert.ok(seconds >= 1577836800 && seconds <= NOW_SECONDS + 86_400, `${seconds}`);
    }),
    { numRuns: 1000 },
  );
});

const SPELLINGS: readonly unknown[] = [
  "2026-01-02T03:04:05.000+00:00Z",
  "2026-01-02T04:04:05+01:00Z",
  "2026-01-02T03:04:05Z[UTC]",
  "2026-01-02T04:04:05+01:00[Europe/Berlin]",
  "2026-01-02 03:04:05.000000000 +0000 UTC m=+0.000012",
  "2026-01-02 03:04:05 +0000 UTC",
  "Fri, 02 Jan 2026 03:04:05 +0000",
  "Fri, 02 Jan 2026 03:04:05 GMT",
  "Fri, 2 Jan 2026 04:04:05 +0100 (CET)",
  "Friday, 02-Jan-26 03:04:05 GMT",
  "Fri Jan  2 03:04:05 2026",
  "Fri Jan  2 03:04:05 UTC 2026",
  "Fri Jan  2 04:04:05 CET 2026",
  "Fri 02 Jan 2026 03:04:05 AM UTC",
  "Fri Jan 02 2026 03:04:05 GMT+0000 (Coordinated Universal Time)",
  "Fri Jan 02 2026 04:04:05 GMT+0100 (Mitteleuropäische Normalzeit)",
  "/Date(1767323045000)/",
  "/Date(1767323045000+0100)/",
  "\\/Date(1767323045000)\\/",
  "1/2/2026 3:04:05 AM",
  "01/02/2026 03:04:05 AM",
  "2026/01/02 03:04:05",
  "02/Jan/2026:03:04:05 +0000",
  "02.01.2026 03:04:05",
  "2.1.2026, 03:04:05",
  "Jan 2, 2026, 3:04:05 AM",
  "January 2, 2026 3:04:05 AM UTC",
  "datetime.datetime(2026, 1, 2, 3, 4, 5)",
  "datetime.datetime(2026, 1, 2, 3, 4, 5, 0, tzinfo=datetime.timezone.utc)",
  '"2026-01-02T03:04:05Z"',
  "2026-01-02T03:04:05,000Z",
  "1767323045,000",
  "2026-01-02 04:04:05 CET",
  "2026-01-02 05:04:05 CEST",
  "2026-01-02T03:04:05 GMT",
  "2026-01-01T22:04:05 EST",
  "2026-01-02T03:04:05.000Z+00:00",
  "2026-01-02 03:04:05Z",
  "20260102T030405Z",
  { "$date": "2026-01-02T03:04:05Z" },
  { "$date": { "$numberLong": "1767323045000" } },
  { seconds: 1767323045, nanos: 0 },
  { secs_since_epoch: 1767323045, nanos_since_epoch: 0 },
  { date: "2026-01-02 03:04:05.000000", timezone_type: 3, timezone: "UTC" },
  [2026, 1, 2, 3, 4, 5],
  [2026, 1, 2, 3, 4, 5, 0],
  "1767323045000000000",
  "2026-01-02T03:04:05.0000000Z",
  "2026-01-02T03:04:05.0000000+00:00",
  "Fri Jan 2 03:04:05 2026 +0000",
  "2026-01-02T03:04:05+00:00 UTC",
  "20260102030405",
  "2026-01-02 3:04:05 AM",
  "2026-01-02T03:04:05\u221200:00",
  "2 Jan 2026 03:04:05",
  "2026-01-02T030405Z",
  "1/2/2026, 3:04:05\u202fAM",
];

for (const raw of SPELLINGS) {
  Deno.test(`parseTimestamp: ${JSON.stringify(raw)} is 03:04:05 on 2 January 2026`, () => {
    assert.deepEqual(parseTimestamp(raw, Date.UTC(2026, 5)), {
      seconds: Date.UTC(2026, 0, 2, 3, 4, 5) / 1000,
    });
  });
}

for (
  const raw of ["Fri Feb 30 03:04:05 2026", "31.02.2026 03:04:05", "13/13/2026 3:04:05 AM", [
    2026,
    13,
    1,
    1,
    1,
  ]]
) {
  Deno.test(`parseTimestamp: ${JSON.stringify(raw)} is no day`, () => {
    assert.equal(parseTimestamp(raw, NOW).replaced, "impossible_date");
  });
}
