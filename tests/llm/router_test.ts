import assert from "node:assert/strict";
import { ChainExhaustedError } from "../../lib/llm/contract.ts";
import { LinkError } from "../../lib/llm/failure.ts";
import { rulesLink } from "../../lib/llm/chain.ts";
import { ANSWER, BROKEN, DOWN, GOOD, MESSAGES, routing, scripted } from "../support/chain.ts";

const SLOW = new LinkError("first_token_timeout", "no token within 300 s");

Deno.test("route: the first good answer is the result, about the event's target", async () => {
  const first = scripted("a", [JSON.stringify({ ...ANSWER, node: "vps", service: "traefik" })]);
  const second = scripted("b", [GOOD]);
  const { route, log } = routing([first, second]);
  assert.deepEqual(await route(), {
    content: { ...ANSWER, node: "piha", service: "mosquitto" },
    modelUsed: "a",
    attempts: [{ link: "a@host", model: "a", outcome: "ok", milliseconds: 0 }],
  });
  assert.equal(second.asked.length, 0);
  assert.deepEqual(first.verdicts, [true]);
  assert.deepEqual(log.of("llm_answered").map(({ level }) => level), ["debug"]);
});

Deno.test("route: a wrong answer is asked again with the error, in the same link", async () => {
  const link = scripted("a", ['{"action": "reboot"}', GOOD]);
  const { outcomes } = routing([link]);
  assert.deepEqual(await outcomes(), ["a@host schema_violation", "a@host ok"]);
  assert.deepEqual(link.asked[0], MESSAGES);
  const [original, answer, request] = link.asked[1] ?? [];
  assert.deepEqual(original, MESSAGES[0]);
  assert.deepEqual(answer, { role: "assistant", content: '{"action": "reboot"}' });
  assert.match(request?.content ?? "", /reason is missing/);
  assert.deepEqual(link.verdicts, [false, true]);
});

Deno.test("route: the prompt does not grow by each wrong answer, and quotes the last", async () => {
  const link = scripted("a", ["first", "second", "third", "fourth", GOOD]);
  await routing([link], 5).outcomes();
  assert.deepEqual(
    link.asked.map((messages) => messages.map(({ content }) => content).slice(0, 2)),
    [
      ["what now?"],
      ["what now?", "first"],
      ["what now?", "second"],
      ["what now?", "third"],
      ["what now?", "fourth"],
    ],
  );
  assert.deepEqual(link.asked.map(({ length }) => length), [1, 3, 3, 3, 3]);
});

Deno.test("route: the next link gets the original messages", async () => {
  const second = scripted("b", [GOOD]);
  const { outcomes } = routing([scripted("a", ["no"]), second]);
  assert.deepEqual(await outcomes(), ["a@host not_json", "a@host not_json", "b@host ok"]);
  assert.deepEqual(second.asked, [MESSAGES]);
});

Deno.test("route: a broken connection is tried again at once, and not told to the model", async () => {
  const link = scripted("a", [BROKEN, GOOD]);
  const { outcomes } = routing([link]);
  assert.deepEqual(await outcomes(), ["a@host disconnected", "a@host ok"]);
  assert.deepEqual(link.asked[1], MESSAGES);
});

Deno.test("route: a timeout goes to the next link at once", async () => {
  const first = scripted("a", [SLOW, GOOD]);
  const { outcomes } = routing([first, scripted("b", [GOOD])], 5);
  assert.deepEqual(await outcomes(), ["a@host first_token_timeout", "b@host ok"]);
  assert.equal(first.asked.length, 1);
});

Deno.test("route: each link gets its own number of attempts", async () => {
  const { exhausted } = routing([scripted("a", ["no"]), scripted("b", [BROKEN])], 3);
  assert.deepEqual(await exhausted(), [
    "a@host not_json",
    "a@host not_json",
    "a@host not_json",
    "b@host disconnected",
    "b@host disconnected",
    "b@host disconnected",
  ]);
});

Deno.test("route: a link that opens between two attempts is left for the next", async () => {
  const [first, second] = [scripted("a", [BROKEN]), scripted("b", ["no"])];
  const { exhausted, log } = routing([first, second], 5);
  assert.deepEqual(await exhausted(), [
    ...Array(3).fill("a@host disconnected"),
    ...Array(5).fill("b@host not_json"),
  ]);
  const nexts = log.of("llm_attempt_failed").map(({ next }) => next);
  assert.deepEqual(nexts.slice(0, 3), ["a@host", "a@host", "b@host"]);
  assert.deepEqual(log.of("llm_link_skipped"), []);
});

Deno.test("route: what a wrong answer cost is told, too", async () => {
  const figures = { promptTokens: 700, answerTokens: 3 };
  const link = {
    name: "a@host",
    model: "a",
    ask: () => Promise.resolve({ content: "no", figures }),
  };
  const { route } = routing([{ link }], 1);
  const failed = await route().catch((error) => error);
  assert.deepEqual(failed.attempts, [{
    link: "a@host",
    model: "a",
    outcome: "not_json",
    error: "no complete JSON object",
    milliseconds: 0,
    figures,
  }]);
});

Deno.test("route: an agent that is stopping already asks nobody", async () => {
  const link = scripted("a", [GOOD]);
  const { exhausted, route } = routing([link]);
  assert.deepEqual(await exhausted(AbortSignal.abort()), []);
  await assert.rejects(route(AbortSignal.abort()), {
    message: "planner.piha/mosquitto: no link answered: every link was skipped",
  });
  assert.equal(link.asked.length, 0);
});

Deno.test("route: a wrong answer that comes while the agent stops is the last", async () => {
  const pending = Promise.withResolvers<Error>();
  const stop = new AbortController();
  const link = {
    name: "a@host",
    model: "a",
    ask: async () => Promise.reject(await pending.promise),
  };
  const { exhausted, log } = routing([{ link }, scripted("b", [GOOD])]);
  const attempts = exhausted(stop.signal);
  stop.abort();
  pending.resolve(BROKEN);
  assert.deepEqual(await attempts, ["a@host disconnected"]);
  assert.deepEqual(log.of("llm_attempt_failed").map(({ next }) => next), ["none"]);
});

Deno.test("createRouter: what was learned of some servers is told, of the others nothing", () => {
  const { link } = scripted("a", [GOOD]);
  const lax = { link: { ...link, remark: () => "takes no schema" } };
  assert.deepEqual(routing([{ link }, lax]).router.remarks(), ["takes no schema"]);
});

Deno.test("route: one attempt means one", async () => {
  const { exhausted } = routing([scripted("a", ["no", GOOD])], 1);
  assert.deepEqual(await exhausted(), ["a@host not_json"]);
});

Deno.test("route: rules at the end of the chain always answer", async () => {
  const { route, clock } = routing([scripted("a", [DOWN]), { link: rulesLink() }]);
  for (let i = 0; i < 5; i++) {
    const { content, modelUsed } = await route();
    assert.equal(modelUsed, "rules");
    assert.deepEqual([content.node, content.service, content.requires_human], [
      "piha",
      "mosquitto",
      true,
    ]);
    await clock.advance(1_000);
  }
});

Deno.test("route: an unforeseen error of a link is a failure with its text", async () => {
  const { route, log } = routing(
    [scripted("a", [new TypeError("oh no")]), scripted("b", [GOOD])],
    1,
  );
  assert.equal((await route()).modelUsed, "b");
  assert.equal(log.of("llm_attempt_failed")[0]?.error, "TypeError: oh no");
});

Deno.test("route: each failure is a log line that says what comes next", async () => {
  const slow = new Promise<string>((resolve) => setTimeout(() => resolve("no"), 0));
  const { exhausted, log } = routing([scripted("a", [BROKEN, slow]), scripted("b", [DOWN])]);
  await exhausted();
  const fields = { level: "warning", event: "llm_attempt_failed", svc_key: "piha/mosquitto" };
  const a = { ...fields, link: "a@host", model: "a", milliseconds: 0 };
  assert.deepEqual(log.of("llm_attempt_failed"), [
    { ...a, kind: "disconnected", error: "cut", next: "a@host" },
    { ...a, kind: "not_json", error: "no complete JSON object", next: "b@host" },
    {
      ...fields,
      link: "b@host",
      model: "b",
      milliseconds: 0,
      kind: "refused",
      error: "nothing listens",
      next: "none",
    },
  ]);
});

Deno.test("route: errors are short, clean and without secrets", async () => {
  const text = "\x1b[31mno\x00\npostgres://ha:CANARY-1@db/ " + "x".repeat(5_000);
  const { route, log } = routing([scripted("a", [new LinkError("server_error", text)])]);
  const error = await route().then(() => undefined, (error) => error);
  assert.ok(error instanceof ChainExhaustedError);
  for (const line of [error.attempts[0]?.error, log.of("llm_attempt_failed")[0]?.error]) {
    assert.ok(typeof line === "string" && line.length <= 300, String(line));
    assert.ok(line.startsWith("no postgres://"), line);
    assert.ok(!line.includes("CANARY-1") && !/\p{Cc}/u.test(line), line);
  }
});

Deno.test("route: stopping the agent ends the chain, without a warning", async () => {
  const stop = new AbortController();
  const pending = Promise.withResolvers<string>();
  const second = scripted("b", [GOOD]);
  const { exhausted, log } = routing([scripted("a", [pending.promise]), second]);
  const attempts = exhausted(stop.signal);
  stop.abort();
  pending.resolve(GOOD);
  assert.deepEqual(await attempts, ["a@host aborted"]);
  assert.equal(second.asked.length, 0);
  // Neither the same link nor the one behind it comes next.
  assert.deepEqual(log.lines, [{
    level: "info",
    event: "llm_attempt_aborted",
    link: "a@host",
    model: "a",
    error: "the agent is stopping",
    milliseconds: 0,
    kind: "aborted",
    svc_key: "piha/mosquitto",
    next: "none",
  }]);
});

Deno.test("route: an attempt takes whole milliseconds", async () => {
  const pending = Promise.withResolvers<string>();
  const { route, clock } = routing([scripted("a", [pending.promise])]);
  const result = route();
  await clock.advance(12.4);
  pending.resolve(GOOD);
  assert.deepEqual((await result).attempts.map(({ milliseconds }) => milliseconds), [12]);
});
