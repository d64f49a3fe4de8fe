import assert from "node:assert/strict";
import { gradeOf, severityRank } from "../../lib/event/severity.ts";

const KNOWN: Readonly<Record<0 | 1 | 2 | 3, readonly string[]>> = {
  0: ["critical", "crit", "fatal", "emergency", "emerg", "alert", "panic", "0", "1", "2"],
  1: ["error", "err", "3"],
  2: ["warning", "warn", "4"],
  3: ["info", "notice", "debug", "ok", "5", "6", "7"],
};

for (const rank of [0, 1, 2, 3] as const) {
  Deno.test(`severityRank: ${rank} for ${KNOWN[rank].join(", ")}`, () => {
    for (const word of KNOWN[rank]) assert.equal(severityRank(word), rank, word);
  });
}

Deno.test("severityRank: letter case and blanks around do not matter", () => {
  assert.deepEqual(["CRITICAL", "Error", " wArN ", "\tFatal\n"].map(severityRank), [0, 1, 2, 0]);
});

Deno.test("severityRank: an unknown word never goes before a graded one", () => {
  const unknown = ["", "blue", "8", "-1", "criticality", "not critical", "[object Object]"];
  for (const word of unknown) assert.equal(severityRank(word), 3, word);
});

Deno.test("severityRank: names of object members are unknown words", () => {
  for (const word of ["__proto__", "constructor", "toString"]) assert.equal(severityRank(word), 3);
});

const SENT: Readonly<Record<0 | 1 | 2 | 3, readonly string[]>> = {
  0: [
    "P1",
    "P1 - Critical",
    "SEV-1",
    "sev 0",
    "S1",
    "page",
    "Very High",
    "5 - disaster",
    "priority 1",
  ]
    .concat("Kritisch", "Notfall", "Crítico", "kritický", "критический", "[CRITICAL]"),
  1: [
    "p2",
    "SEV2",
    "high priority",
    "1 - high",
    "ERROR!",
    "Fehler",
    "Hoch",
    "Störung",
    "Élevée",
    "høj",
  ]
    .concat("Błąd", "ВЫСОКИЙ", "Erreur", "Prio 2"),
  2: [
    "P3",
    "ticket",
    "Warnung",
    "Avertissement",
    "advertencia",
    "Ostrzeżenie",
    "Average",
    "varning",
  ],
  3: ["P4", "p5", "Hinweis", "niedrig", "Not classified", "Información", "Success", "Low priority"],
};

for (const rank of [0, 1, 2, 3] as const) {
  Deno.test(`severityRank: ${rank} for what people send`, () => {
    assert.deepEqual(SENT[rank].filter((word) => severityRank(word) !== rank), []);
  });
}

Deno.test("gradeOf: tells each word that nobody defined", () => {
  for (
    const word of ["blue", "criticality", "not critical", "8", "-1", "constructor", "__proto__"]
  ) {
    assert.deepEqual(gradeOf(word, "x", {}), { severity: word, unknown: word });
  }
});

type Graded = readonly [sent: string, payload: Record<string, unknown>, severity: string];

const GRADED: readonly Graded[] = [
  ["7", { "EVENT.NSEVERITY": "5" }, "7"],
  ["error", {}, "error"],
  ["5", {}, "5"],
  ["5", { "EVENT.NSEVERITY": "5" }, "disaster"],
  ["4", { "TRIGGER.SEVERITY": "High" }, "high"],
  ["", { "EVENT.NSEVERITY": 2 }, "warning"],
  ["Disaster", { "EVENT.NSEVERITY": "5" }, "Disaster"],
  ["", { labels: { severity: "page" } }, "page"],
  ["", { level: "fatal" }, "fatal"],
  ["", { level: "blue" }, "info"],
  ["", {}, "info"],
];

for (const [sent, payload, severity] of GRADED) {
  Deno.test(`gradeOf: ${JSON.stringify(sent)} with ${JSON.stringify(payload)} is ${severity}`, () => {
    assert.deepEqual(gradeOf(sent, "service_unhealthy", payload), { severity });
  });
}

Deno.test("gradeOf: an unknown word is a warning for a known fault, else as sent, and told", () => {
  assert.deepEqual(gradeOf("blue", "container_starting", {}), {
    severity: "blue",
    unknown: "blue",
  });
  const grade = (type: string) => gradeOf("blue", type, {});
  assert.deepEqual(grade("container_exited"), { severity: "warning", unknown: "blue" });
  assert.deepEqual(grade("frobnicated"), { severity: "blue", unknown: "blue" });
  assert.deepEqual(grade("service_healthy"), { severity: "blue", unknown: "blue" });
});
