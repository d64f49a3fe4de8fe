import assert from "node:assert/strict";
import fc from "fast-check";
import { withoutMarkup } from "../../../lib/base/text/markup.ts";

Deno.test("withoutMarkup: leaves the words of a page", () => {
  const page = "<html><head><STYLE>b{}</STYLE><script>if (a<b) x()</script></head>" +
    "<body class='x'><h1>502 Bad</h1><p>Gate<b>way</b></body>";
  assert.equal(withoutMarkup(page).replace(/ +/g, " ").trim(), "502 Bad Gate way");
});

Deno.test("withoutMarkup: drops what is cut within a tag or a script", () => {
  assert.equal(withoutMarkup("a <script>x(").trim(), "a");
  assert.equal(withoutMarkup("a <b class=").trim(), "a");
});

Deno.test("withoutMarkup: leaves no tag of any text, and ends", () => {
  const pieces = fc.constantFrom("<", ">", "<script>", "</script>", "<style", "a", "İ", "<b>");
  fc.assert(fc.property(fc.array(pieces), (parts) => {
    assert.ok(!/<[^>]*>/.test(withoutMarkup(parts.join(""))));
  }));
});
