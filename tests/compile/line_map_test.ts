import assert from "node:assert/strict";
import fc from "fast-check";
import { lineMapComment, LineMapError, lineMappings } from "../../scripts/compile/line_map.ts";

Deno.test("lineMappings: of each generated line, where its first segment lies", () => {
  assert.equal(lineMappings("AAAA,IAAI"), "AAAA");
  // Line 2 has no source; line 3 comes from line 5, and line 4 from before it.
  assert.equal(lineMappings("AAAA;A;IAIA,IACA;EAFA"), "AAAA;;AAIA;AADA");
  assert.equal(lineMappings(""), "");
});

Deno.test("lineMappings: any distances between lines, forth and back", () => {
  const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const encode = (number: number): string => {
    let rest = number < 0 ? -number * 2 + 1 : number * 2;
    let text = "";
    for (; rest > 31; rest = Math.floor(rest / 32)) text += digits[32 + rest % 32];
    return text + digits[rest];
  };
  const distance = fc.integer({ min: -1_000_000, max: 1_000_000 });
  fc.assert(fc.property(fc.array(distance, { minLength: 1 }), (distances) => {
    const mappings = distances.map((lines) => `CA${encode(lines)}E`);
    assert.equal(
      lineMappings(mappings.join(";")),
      distances.map((lines) => `AA${encode(lines)}A`).join(";"),
    );
  }));
});

Deno.test("lineMapComment: one source, and nothing else of the whole map", () => {
  const whole = {
    version: 3,
    sources: ["file:///home/x/lib/a.ts"],
    sourcesContent: ["secret"],
    names: ["n"],
    mappings: "AAAA;AACA",
  };
  const comment = lineMapComment(JSON.stringify(whole), "a.ts");
  const [head, map = ""] = comment.trimEnd().split("base64,");
  assert.equal(head, "//# sourceMappingURL=data:application/json;");
  assert.deepEqual(JSON.parse(atob(map)), {
    version: 3,
    sources: ["a.ts"],
    names: [],
    mappings: "AAAA;AACA",
  });
});

Deno.test("lineMapComment: refuses what it does not know", () => {
  const refuses = (map: unknown, message: RegExp) =>
    assert.throws(() => lineMapComment(JSON.stringify(map), "a.ts"), (error) => {
      assert(error instanceof LineMapError);
      assert.match(error.message, message);
      return true;
    });
  refuses({ version: 4, mappings: "" }, /not of version 3/);
  refuses({ version: 3, sections: [] }, /without mappings/);
  refuses({ version: 3, mappings: "AA A" }, /" " is not a digit/);
});
