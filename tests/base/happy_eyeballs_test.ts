import assert from "node:assert/strict";
import { ConnectError, firstOf, inTurn } from "../../lib/base/happy_eyeballs.ts";
import { fakeClock } from "../support/clock.ts";

const V6 = { address: "2001:db8::1", family: 6 };
const OTHER_V6 = { address: "2001:db8::2", family: 6 };
const V4 = { address: "192.0.2.1", family: 4 };

/** Attempts that a test ends by hand. */
function attempts(addresses: readonly { address: string; family: number }[]) {
  const clock = fakeClock();
  const stop = new AbortController();
  const tried: string[] = [];
  const closed: string[] = [];
  const ends = new Map<string, PromiseWithResolvers<{ name: string; close(): void }>>();
  const signals = new Map<string, AbortSignal>();
  const result = firstOf(addresses, ({ address }, signal) => {
    tried.push(address);
    signals.set(address, signal);
    const end = Promise.withResolvers<{ name: string; close(): void }>();
    ends.set(address, end);
    return end.promise;
  }, { signal: stop.signal, clock });
  result.catch(() => {});
  return {
    clock,
    stop,
    tried,
    closed,
    signals,
    result,
    stands: ({ address }: { address: string }) =>
      ends.get(address)?.resolve({ name: address, close: () => void closed.push(address) }),
    async fails({ address }: { address: string }, code?: string) {
      ends.get(address)?.reject(Object.assign(new Error("no"), code ? { code } : {}));
      await new Promise((resolve) => setTimeout(resolve, 0));
    },
  };
}

Deno.test("inTurn: takes families in turn, beginning with the resolver's first", () => {
  assert.deepEqual(inTurn([V6, OTHER_V6, V4]), [V6, V4, OTHER_V6]);
  assert.deepEqual(inTurn([V4, V6, OTHER_V6]), [V4, V6, OTHER_V6]);
  assert.deepEqual(inTurn([]), []);
});

Deno.test("firstOf: tries the next address as soon as one refuses", async () => {
  const race = attempts([V6, V4]);
  assert.deepEqual(race.tried, [V6.address]);
  await race.fails(V6, "ECONNREFUSED");
  assert.deepEqual(race.tried, [V6.address, V4.address]);
  race.stands(V4);
  assert.equal((await race.result).name, V4.address);
});

Deno.test("firstOf: does not wait for an address that says nothing, and hangs up on it", async () => {
  const race = attempts([V6, V4]);
  await race.clock.advance(249);
  assert.deepEqual(race.tried, [V6.address]);
  await race.clock.advance(1);
  assert.deepEqual(race.tried, [V6.address, V4.address]);
  race.stands(V4);
  assert.equal((await race.result).name, V4.address);
  assert.equal(race.signals.get(V6.address)?.aborted, true);
  race.stands(V6);
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.deepEqual(race.closed, [V6.address]);
});

Deno.test("firstOf: says which addresses were tried, and how when all failed alike", async () => {
  const race = attempts([V6, V4]);
  await race.fails(V6, "ECONNREFUSED");
  await race.fails(V4, "ECONNREFUSED");
  const error = await race.result.catch((error) => error);
  assert.ok(error instanceof ConnectError);
  assert.deepEqual(error.tried, [V6.address, V4.address]);
  assert.equal(error.code, "ECONNREFUSED");
  assert.equal(
    error.message,
    "none of 2 addresses answers: 2001:db8::1: no; 192.0.2.1: no",
  );
});

Deno.test("firstOf: failures of different kinds have no code in common", async () => {
  const race = attempts([V6, V4]);
  await race.fails(V6, "ENETUNREACH");
  await race.fails(V4, "ECONNREFUSED");
  const error = await race.result.catch((error) => error);
  assert.ok(error instanceof ConnectError);
  assert.equal(error.code, undefined);
});

Deno.test("firstOf: ends with the reason of the signal", async () => {
  const race = attempts([V6, V4]);
  const reason = new Error("no connection within 5 s");
  race.stop.abort(reason);
  assert.equal(await race.result.catch((error) => error), reason);
  assert.equal(race.signals.get(V6.address)?.aborted, true);
});
