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
if (!takesLong) {
  let timer: number | undefined;
  Deno.test.beforeEach(() => {
    timer = setTimeout(() => {
      throw new TestDeadlineError();
    }, DEADLINE_MS);
  });
  Deno.test.afterEach(() => clearTimeout(timer));
}
