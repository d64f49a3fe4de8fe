/**
 * Gives each test a deadline, where its file imports this or something here that waits: a test that
 * waits for what never comes ends its file by name, instead of keeping the whole run.
 *
 * @module
 */

/** The longest takes ten seconds of a core; a minute passes where the machine does much else. */
const DEADLINE_MS = 90_000;

class TestDeadlineError extends Error {
  override readonly name = "TestDeadlineError";
  constructor() {
    super(`a test has not ended within ${DEADLINE_MS / 1000} s: it waits for what never comes`);
  }
}

// Those compile, boot and fetch; and whoever fuzzes for longer says so by arguments.
const takesLong = /\/tests\/(?:system|model|examples)\//.test(Deno.mainModule) ||
  Deno.args.length > 0;
let endsAt = Infinity;
let asked = 0;

/**
 * Ends the run where a test is past its deadline: promises that go round in circles let no timer
 * run. For what such a circle asks again and again.
 */
export function endPastDeadline(): void {
  if (++asked % 4_096 !== 0 || performance.now() < endsAt) return;
  Deno.stderr.writeSync(new TextEncoder().encode(`${new TestDeadlineError().stack}\n`));
  Deno.exit(1);
}

if (!takesLong) {
  let timer: number | undefined;
  Deno.test.beforeEach(() => {
    endsAt = performance.now() + DEADLINE_MS + 1_000;
    timer = setTimeout(() => {
      throw new TestDeadlineError();
    }, DEADLINE_MS);
  });
  Deno.test.afterEach(() => clearTimeout(timer));
}
