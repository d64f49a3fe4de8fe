import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { cures } from "../lib/event/cures.ts";
import { familyOf } from "../lib/event/family.ts";
import { severityRank } from "../lib/event/severity.ts";

type Family = ReturnType<typeof familyOf>;

const DOCS = join(import.meta.dirname ?? ".", "..", "docs");
const text = Deno.readTextFileSync(join(DOCS, "events.md"));

/** The cells of a section's table, and what stands in backquotes in each. */
function rowsOf(heading: string): string[][][] {
  const section = text.split(`\n## ${heading}\n`)[1]?.split("\n## ")[0] ?? "";
  return section.split("\n").filter((line) => /^\| (?!-)/.test(line)).slice(1)
    .map((line) =>
      line.split("|").slice(1, -1).map((cell) =>
        [...cell.matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code)
      )
    );
}

const FAMILIES: Readonly<Record<Family, true>> = {
  ...{ down: true, unhealthy: true, crash_loop: true, out_of_memory: true, drifted: true },
  ...{ starting: true, application: true, node: true, network: true, disk: true, hardware: true },
  ...{ power: true, data: true, certificate: true, access: true, update: true, unknown: true },
  ...{ good_news: true, planned: true, change: true },
};

Deno.test("docs: the table of types has every family, with examples that belong to it", () => {
  const rows = rowsOf("Types");
  assert.deepEqual(rows.map(([family]) => family?.[0]).sort(), Object.keys(FAMILIES).sort());
  for (const [family, , examples = []] of rows) {
    assert.ok(examples.length > 0, family?.[0]);
    assert.deepEqual(
      examples.map((type) => [type, familyOf(type)]),
      examples.map((type) => [type, family?.[0]]),
    );
  }
});

Deno.test("docs: good news ends what the table says, and nothing else of it", () => {
  for (const [news = [], ends = [], not = []] of rowsOf("Good news, and what it ends")) {
    for (const recovery of news) {
      assert.deepEqual(ends.filter((fault) => !cures(recovery, fault)), [], recovery);
      assert.deepEqual(not.filter((fault) => cures(recovery, fault)), [], recovery);
    }
  }
});

Deno.test("docs: each severity of the table ranks as it says", () => {
  const rows = rowsOf("Severities");
  assert.deepEqual(rows.map(([severity]) => severity?.[0]), [
    "critical",
    "error",
    "warning",
    "info",
  ]);
  for (const [rank, [severity = [], others = []]] of rows.entries()) {
    assert.deepEqual([...severity, ...others].filter((word) => severityRank(word) !== rank), []);
  }
});
