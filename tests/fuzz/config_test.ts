import assert from "node:assert/strict";
import { join } from "node:path/posix";
import fc from "fast-check";
import { ConfigError, parseConfig } from "../../lib/config/config.ts";
import { ENVIRONMENT_NAMES } from "../../lib/config/environment.ts";
import { aliasesOf, parseTopology, roleOf } from "../../lib/config/topology.ts";
import { globMatches } from "../../lib/base/glob.ts";
import { parseSilences } from "../../lib/gate/silences.ts";
import { parsePolicy } from "../../lib/policy/file.ts";
import { makeRuntime } from "../support/agent.ts";
import { sandbox } from "../support/sandbox.ts";
import { altered, textOf, word } from "./hostile.ts";
import { depths, inTimeNow, runs } from "./runs.ts";
import { shownBy } from "./terminal.ts";

const FILES = {
  policy: {
    parse: parsePolicy,
    sound: {
      rules: [
        { name: "careful", when: { node: "piha", type: "disk_*" }, then: { requires_human: true } },
        {
          name: "tell",
          when: { severity: ["error"], action: ["restart"], confidence_below: 0.5 },
          then: { action: "notify", requires_human: true },
        },
      ],
    },
  },
  topology: {
    parse(text: string) {
      const topology = parseTopology(text);
      aliasesOf(topology).get("__proto__");
      roleOf(topology, { node: "piha", service: "postgres" });
    },
    sound: {
      nodes: [
        { name: "piha", role: "Raspberry Pi 5" },
        { name: "hut", role: "LTE edge", offlineFirst: true, aliases: ["hut-old"] },
      ],
      services: [
        { name: "postgres", node: "piha", stateful: true },
        { name: "outline", depends_on: ["postgres"] },
      ],
    },
  },
  silences: {
    parse: (text: string) => parseSilences(text),
    sound: {
      silences: [
        { node: "piha", service: "graf*", until: "2099-01-02T06:00:00Z", reason: "upgrade" },
        { type: "*_unhealthy", from: "2026-01-02T06:00:00Z", for: "2h", reason: "night" },
      ],
    },
  },
};

Deno.test("fuzz: a file of an operator is taken, or refused by name and shown clean", async () => {
  using folder = sandbox();
  const { path: root } = folder;
  makeRuntime(root);
  const depth = depths();
  for (const [name, { parse, sound }] of Object.entries(FILES)) {
    await fc.assert(
      fc.asyncProperty(textOf(altered(fc.constant(sound))), async (text) => {
        let told = "";
        try {
          inTimeNow(() => parse(text));
        } catch (error) {
          assert.ok(error instanceof Error && error.name === "ConfigFileError", String(error));
          told = error.message;
          assert.ok(told.length < 20_000, told);
        }
        // What names a place inside, or is taken, has been read past its form.
        depth.note(name, told === "" || /\b(?:rules|nodes|services|silences)[.[]/.test(told));
        Deno.writeTextFileSync(join(root, `config/${name}.json`), text);
        if (name === "silences") {
          await shownBy(["silences"], { root });
          await shownBy(["silences", "--json"], { root });
        }
      }),
      runs(150),
    );
  }
  depth.atLeast({ policy: 0.35, topology: 0.35, silences: 0.35 });
});

const setting = fc.oneof(
  word,
  fc.constantFrom("0", "1", "9".repeat(13), "on", "off", "redis", "streams", "-1", "5m", " 7 "),
  fc.tuple(
    fc.constantFrom("redis://", "rediss://", "redis+sentinel://", "http://", "m@http://", ""),
    word,
    fc.constantFrom("", "@", ":", "[::1]", ":6379", ":99999", "/0", "?nodes=", "#"),
    word,
  ).map((parts) => parts.join("")),
);

Deno.test("fuzz: whatever the environment says, it is a configuration or is refused by name", () => {
  const depth = depths();
  const environment = fc.dictionary(fc.constantFrom(...ENVIRONMENT_NAMES), setting, { maxKeys: 3 });
  fc.assert(
    fc.property(environment, (env) => {
      let taken = true;
      try {
        inTimeNow(() => parseConfig((name) => env[name]));
      } catch (error) {
        assert.ok(error instanceof ConfigError, String(error));
        taken = false;
        for (const problem of error.problems) {
          const names = ENVIRONMENT_NAMES.filter((name) => problem.startsWith(name));
          assert.ok(names.length > 0, problem);
        }
      }
      if (Object.keys(env).length > 0) depth.note("settings", taken);
    }),
    runs(1_500),
  );
  depth.atLeast({ settings: 0.05 });
});

Deno.test("fuzz: whatever a pattern is, a look at a name takes no time", () => {
  const star = fc.constantFrom("*", "?", "a", "b", "**a", "*a*a", "x".repeat(60));
  fc.assert(
    fc.property(fc.array(star, { maxLength: 60 }), word, (parts, name) => {
      const pattern = parts.join("").slice(0, 200);
      inTimeNow(() => globMatches(pattern, `${"a".repeat(150)}${name.slice(0, 200)}`));
      assert.ok(globMatches(`*${name}*`.replaceAll("?", "*"), `a${name}b`) || /\*|\?/.test(name));
    }),
    runs(500),
  );
});
