import assert from "node:assert/strict";
import fc from "fast-check";
import { tableLines, wrap } from "../../../lib/cli/view/table.ts";
import { textWidth } from "../../../lib/cli/view/width.ts";

type Column = Parameters<typeof tableLines>[1]["columns"][number];

const COLUMNS: readonly Column[] = [
  { title: "name", narrow: "wrap" },
  { title: "count", align: "right" },
  { title: "reason", narrow: "wrap" },
];

Deno.test("tableLines: columns are aligned, without blanks at the end of a line", () => {
  assert.deepEqual(
    tableLines([["piha", "7", "full"], ["chelsty-ha", "12", ""]], { columns: COLUMNS, width: 80 }),
    [
      "name        count  reason",
      "piha            7  full",
      "chelsty-ha     12",
    ],
  );
});

Deno.test("tableLines: no rows leave the titles", () => {
  assert.deepEqual(tableLines([], { columns: COLUMNS, width: 80 }), ["name  count  reason"]);
});

Deno.test("tableLines: what is too wide goes on in the next line, broken at blanks", () => {
  const rows = [["vps", "1", "traefik is down and does not answer"], ["piha", "2", "up"]];
  assert.deepEqual(tableLines(rows, { columns: COLUMNS, width: 31 }), [
    "name  count  reason",
    "vps       1  traefik is down",
    "             and does not",
    "             answer",
    "piha      2  up",
  ]);
});

Deno.test("tableLines: a word wider than its column is broken", () => {
  const columns = [{ title: "id", narrow: "wrap" as const }];
  assert.deepEqual(tableLines([["plan-vps-traefik-1762053129"]], { columns, width: 12 }), [
    "id",
    "plan-vps-",
    "traefik-",
    "1762053129",
  ]);
});

Deno.test("tableLines: a column can be cut instead", () => {
  const columns: Column[] = [{ title: "id" }, { title: "reason", narrow: "cut" }];
  assert.deepEqual(
    tableLines([["a", "the container was killed by the kernel"]], { columns, width: 20 }),
    ["id  reason", "a   the container w…"],
  );
});

Deno.test("tableLines: an id is whole as long as others can give", () => {
  const columns: Column[] = [{ title: "id" }, { title: "reason", narrow: "cut" }];
  const rows = [["0123456789", "the container was killed"]];
  assert.deepEqual(tableLines(rows, { columns, width: 24 }), [
    "id          reason",
    "0123456789  the contain…",
  ]);
  assert.deepEqual(tableLines(rows, { columns, width: 16 }), [
    "id          rea…",
    "0123456789  the…",
  ]);
});

Deno.test("tableLines: spare columns are left out before a name or a path is broken", () => {
  const columns: Column[] = [
    { title: "service" },
    { title: "path" },
    { title: "risk", spare: 1 },
    { title: "conf.", align: "right", spare: 2 },
  ];
  const rows = [["home-assistant", "/srv/homelab/actions", "low", "0.90"]];
  const at = (width: number) => tableLines(rows, { columns, width });
  assert.deepEqual(at(49), [
    "service         path                  risk  conf.",
    "home-assistant  /srv/homelab/actions  low    0.90",
  ]);
  assert.deepEqual(at(48), [
    "service         path                  risk",
    "home-assistant  /srv/homelab/actions  low",
  ]);
  assert.deepEqual(at(36), [
    "service         path",
    "home-assistant  /srv/homelab/actions",
  ]);
  assert.deepEqual(at(30), [
    "service         path",
    "home-assistant  /srv/homelab/",
    "                actions",
  ]);
});

Deno.test("tableLines: wide characters take two columns", () => {
  const columns: Column[] = [{ title: "service" }, { title: "n" }];
  assert.deepEqual(tableLines([["監視", "1"], ["🚨x", "2"], ["é", "3"]], { columns, width: 80 }), [
    "service  n",
    "監視     1",
    "🚨x      2",
    "é        3",
  ]);
});

Deno.test("tableLines: cells cannot leave their line or send codes to the terminal", () => {
  const columns: Column[] = [{ title: "service" }];
  assert.deepEqual(
    tableLines([["a\x1b[2J\nb\tc\u202ed"]], { columns, width: 80 }),
    ["service", "a b cd"],
  );
});

Deno.test("tableLines: colours do not move a column, and are asked for each piece", () => {
  const seen: [string, string][] = [];
  const columns: Column[] = [
    {
      title: "outcome",
      narrow: "wrap",
      paint(piece, cell) {
        seen.push([piece, cell]);
        return `<${piece}>`;
      },
    },
    { title: "n" },
  ];
  const lines = tableLines([["held back for now", "1"], ["", "2"]], {
    columns,
    width: 15,
    paintTitles: (line) => `[${line}]`,
  });
  assert.deepEqual(lines, [
    "[outcome       n]",
    "<held back>     1",
    "<for now>",
    "              2",
  ]);
  assert.deepEqual(seen, [["held back", "held back for now"], ["for now", "held back for now"]]);
});

Deno.test("tableLines: a cell of a megabyte is cut first", () => {
  const columns: Column[] = [{ title: "reason", narrow: "wrap" }];
  const [title, ...lines] = tableLines([["漢".repeat(1_000_000)]], { columns, width: 40 });
  assert.equal(title, "reason");
  assert.equal(lines.join(""), "漢".repeat(2_000) + "…");
});

Deno.test("tableLines: no line is wider than the terminal, and no text is lost", () => {
  const cell = fc.oneof(
    fc.string({ unit: "grapheme", maxLength: 60 }),
    fc.lorem({ maxCount: 12 }),
  );
  fc.assert(fc.property(
    fc.array(fc.tuple(cell, cell), { maxLength: 5 }),
    fc.integer({ min: 12, max: 120 }),
    (rows, width) => {
      const columns: Column[] = [{ title: "a", narrow: "wrap" }, { title: "b", narrow: "wrap" }];
      const lines = tableLines(rows, { columns, width });
      for (const line of lines) {
        assert.ok(textWidth(line) <= width, `${textWidth(line)} > ${width}: ${line}`);
      }
      const letters = (text: string) => [...text.replace(/[^a-z]/g, "")].sort().join("");
      assert.equal(letters(lines.slice(1).join("")), letters(rows.flat().join("")));
    },
  ));
});

Deno.test("tableLines: a number is cut, not broken into two", () => {
  const columns: Column[] = [{ title: "name" }, { title: "count", align: "right" }];
  assert.deepEqual(tableLines([["traefik", "123456"]], { columns, width: 10 }).slice(1), [
    "trae  123…",
    "fik",
  ]);
});

Deno.test("wrap: in no room at all a character a line", () => {
  for (const width of [1, 0, -3]) assert.deepEqual(wrap("ab c", width), ["a", "b", "c"]);
});

Deno.test("wrap: a long name is broken behind a slash, a hyphen or an underscore", () => {
  assert.deepEqual(wrap("a_long_name_of_one", 8), ["a_long_", "name_of_", "one"]);
  assert.deepEqual(wrap("a/long/name", 8), ["a/long/", "name"]);
  assert.deepEqual(wrap("a-long-name", 8), ["a-long-", "name"]);
});
