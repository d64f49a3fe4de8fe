import assert from "node:assert/strict";
import {
  isoSecond,
  localTime,
  momentText,
  parseSpan,
  spanInWords,
  withLocalTime,
} from "../../../lib/base/text/span.ts";

Deno.test("spanInWords: one unit, rounded down", () => {
  const spans = [
    [-5, "0 s"],
    [59_999, "59 s"],
    [60_000, "1 min"],
    [3_599_999, "59 min"],
    [3_600_000, "1 h"],
    [86_400_000, "24 h"],
    [2 * 86_400_000, "2 days"],
    [30.9 * 86_400_000, "30 days"],
  ] as const;
  assert.deepEqual(spans.map(([ms]) => spanInWords(ms)), spans.map(([, words]) => words));
});

Deno.test("isoSecond: UTC, whole seconds", () => {
  assert.equal(isoSecond(1_767_323_045_900), "2026-01-02T03:04:05Z");
});

Deno.test("momentText, localTime, withLocalTime: the reader's clock beside UTC, where it differs", () => {
  const shown = (zone: string) => [
    momentText(1_767_323_045.9, zone),
    localTime(1_767_323_045_900, zone),
    withLocalTime("2026-01-02T03:04:05Z", zone),
  ];
  assert.deepEqual(shown("UTC"), ["2026-01-02 03:04:05 UTC", undefined, "2026-01-02T03:04:05Z"]);
  assert.deepEqual(shown("Europe/Berlin"), [
    "2026-01-02 04:04:05 CET (03:04:05 UTC)",
    "04:04:05 CET",
    "2026-01-02T03:04:05Z (04:04:05 CET)",
  ]);
  assert.equal(shown("America/New_York")[0], "2026-01-01 22:04:05 GMT-5 (03:04:05 UTC)");
  assert.equal(withLocalTime("whenever", "Europe/Berlin"), "whenever");
});

Deno.test("parseSpan: a count and a unit, nothing else", () => {
  assert.deepEqual(["90s", "30m", "12h", "7d", "2w"].map(parseSpan), [
    90_000,
    1_800_000,
    43_200_000,
    604_800_000,
    1_209_600_000,
  ]);
  assert.equal(parseSpan("999999s"), 999_999_000);
  for (const text of ["", "7", "d", "-1d", "1.5h", "7 d", "7d ", "7D", "1y", "9999999d"]) {
    assert.equal(parseSpan(text), undefined, text);
  }
});

Deno.test("withLocalTime: what it takes to know a zone is made once", () => {
  const { DateTimeFormat } = Intl;
  let made = 0;
  Intl.DateTimeFormat = new Proxy(DateTimeFormat, {
    construct(target, args) {
      made++;
      return new target(...args as ConstructorParameters<typeof DateTimeFormat>);
    },
  });
  try {
    const zones = ["Asia/Kolkata", "Asia/Tokyo", "Asia/Kolkata", "Asia/Kolkata"];
    assert.deepEqual(zones.map((zone) => withLocalTime("2026-01-02T03:04:05Z", zone)), [
      "2026-01-02T03:04:05Z (08:34:05 GMT+5:30)",
      "2026-01-02T03:04:05Z (12:04:05 GMT+9)",
      "2026-01-02T03:04:05Z (08:34:05 GMT+5:30)",
      "2026-01-02T03:04:05Z (08:34:05 GMT+5:30)",
    ]);
    assert.equal(made, 2);
  } finally {
    Intl.DateTimeFormat = DateTimeFormat;
  }
});
