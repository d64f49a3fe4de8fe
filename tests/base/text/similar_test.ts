import assert from "node:assert/strict";
import { similarNames } from "../../../lib/base/text/similar.ts";

const NAMES = [
  "plan-piha-mosquitto-1767323045",
  "plan-piha-mosquitto-1767323999",
  "plan-vps-traefik-1767323045",
  "plan-solaria-ollama-1767000000",
];

Deno.test("similarNames: a name with a slip finds the one that was meant", () => {
  assert.equal(
    similarNames("plan-vps-treafik-1767323045", NAMES)[0],
    "plan-vps-traefik-1767323045",
  );
});

Deno.test("similarNames: a part finds the names that have it, in their order", () => {
  assert.deepEqual(similarNames("Mosquitto", NAMES), NAMES.slice(0, 2));
});

Deno.test("similarNames: two of five pieces in common are alike, and less are not", () => {
  assert.deepEqual(similarNames("abcdef", ["abcq", "abcdxyzw"]), ["abcdxyzw"]);
  assert.deepEqual(similarNames("wxyz", ["axyz"]), ["axyz"]);
});

Deno.test("similarNames: capitals are as good as small letters", () => {
  assert.deepEqual(similarNames("piha", ["PIHA-db"]), ["PIHA-db"]);
});

Deno.test("similarNames: nothing for what is not like any, or too short to tell", () => {
  assert.deepEqual(similarNames("completely/different", NAMES), []);
  assert.deepEqual(similarNames("", NAMES), []);
  assert.deepEqual(similarNames("pl", NAMES), []);
});

Deno.test("similarNames: at most three, and quick for long ones", () => {
  const many = Array.from({ length: 5_000 }, (_, n) => `plan-piha-service${n}-1767323045`);
  assert.equal(similarNames(`plan-piha-service-${"x".repeat(100_000)}`, many).length <= 3, true);
  assert.equal(similarNames("plan-piha-service", many).length, 3);
});
