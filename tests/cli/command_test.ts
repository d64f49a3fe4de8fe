import assert from "node:assert/strict";
import { join } from "node:path/posix";
import {
  type Command,
  dispatch,
  oneFile,
  overview,
  readWhole,
  usage,
} from "../../lib/cli/command.ts";
import { allCommands, commandsFor } from "../../lib/cli/commands.ts";
import { manualPage } from "../../scripts/man.ts";
import { EXIT, type Io, UsageError } from "../../lib/cli/io.ts";
import { ConfigError } from "../../lib/config/config.ts";
import { VERSION } from "../../lib/base/version.ts";
import { makeRuntime, runAgent } from "../support/agent.ts";
import { recordingIo, runCommand } from "../support/command.ts";
import { sandbox } from "../support/sandbox.ts";

const COMMANDS = await allCommands();

/** Dispatches to two commands that say what they were called with. */
async function called(args: string[], failure?: Error, isTerminal = false) {
  const { io, said } = recordingIo({ isTerminal });
  let ran = "";
  const command = (name: string): Command => ({
    name,
    summary: `the ${name} command`,
    synopsis: "[--loud] [--size N]",
    help: `What ${name} does.`,
    options: { loud: { type: "boolean", short: "l" }, size: { type: "string" } },
    completes: "files",
    run: (_io, values, positionals) => {
      if (failure) throw failure;
      ran = `${name} ${JSON.stringify({ ...values })} ${positionals.join()}`;
      return Promise.resolve(7);
    },
  });
  const code = await dispatch(args, [command("first"), command("second")], io);
  return { code, ...said, ran };
}

Deno.test("dispatch: the first command when none is named, else the named one", async () => {
  assert.deepEqual(await called([]), { code: 7, out: "", err: "", ran: "first {} " });
  assert.equal((await called(["--loud"])).ran, 'first {"loud":true} ');
  assert.equal(
    (await called(["second", "-l", "--size=3", "a", "b"])).ran,
    'second {"loud":true,"size":"3"} a,b',
  );
  assert.equal((await called(["second", "--", "--loud"])).ran, "second {} --loud");
});

Deno.test("a command that takes no argument refuses one", async () => {
  using folder = sandbox();
  const names = COMMANDS.filter(({ completes }) => completes === undefined).map(({ name }) => name);
  assert.deepEqual(names, [
    "run",
    "check",
    "status",
    "pending",
    "stats",
    "silences",
    "permissions",
  ]);
  for (const name of names) {
    const { code, out, err } = await runCommand([name, "x"], { root: folder.path });
    const [first] = err.split("\n");
    assert.deepEqual([code, out, first], [2, "", `planner-agent: ${name} takes no argument`]);
  }
});

Deno.test("dispatch: help and version on every level, on standard output", async () => {
  for (const args of [["--help"], ["-h"], ["help"], ["help", "--help"]]) {
    const { code, out, err, ran } = await called(args);
    assert.deepEqual([code, err, ran], [0, "", ""]);
    assert.match(out, /^Usage: planner-agent \[COMMAND\]/);
    assert.match(out, /\n {2}first {4}the first command\n {2}second {3}the second command\n/);
  }
  for (const args of [["second", "--help"], ["second", "-h"], ["help", "second"]]) {
    const { code, out, ran } = await called(args);
    assert.deepEqual([code, ran], [0, ""]);
    assert.equal(out, "Usage: planner-agent second [--loud] [--size N]\n\nWhat second does.\n");
  }
  for (const args of [["version", "--help"], ["version", "-h"], ["help", "version"]]) {
    const { code, out } = await called(args);
    assert.deepEqual([code, out.split("\n")[0]], [0, "Usage: planner-agent version"]);
  }
  for (
    const args of [["--version"], ["version"], ["version", "--version"], ["second", "--version"]]
  ) {
    assert.deepEqual(await called(args), {
      code: 0,
      out: `planner-agent ${VERSION}\n`,
      err: "",
      ran: "",
    });
  }
});

Deno.test("dispatch: what it does not know is usage on standard error and status 2", async () => {
  const wrong = async (args: string[]) => {
    const { code, out, err, ran } = await called(args);
    assert.deepEqual([code, out, ran], [EXIT.usage, "", ""], args.join(" "));
    return err;
  };
  assert.equal(
    await wrong(["third"]),
    "planner-agent: unknown command 'third'; there are: first, second, version\n" +
      "Usage: planner-agent [COMMAND] [OPTIONS]\nTry 'planner-agent --help'.\n",
  );
  for (
    const args of [["second", "--quiet"], ["--quiet"], ["second", "-q"], ["second", "--loud=1"]]
  ) {
    assert.match(
      await wrong(args),
      /\nUsage: planner-agent (first|second) \[--loud\] \[--size N\]\n/,
    );
  }
  assert.match(await wrong(["second", "--size"]), /Usage: planner-agent second/);
  assert.match(await wrong(["version", "--quiet"]), /\nUsage: planner-agent version\n/);
  assert.match(await wrong(["version", "now"]), /version takes no argument\nUsage: planner-agent /);
  assert.match(await wrong(["help", "third"]), /unknown command 'third'/);
  assert.equal((await wrong(["x".repeat(5_000)])).length < 300, true);
});

Deno.test("dispatch: a wrong setting is status 2 with every problem, a fault is thrown", async () => {
  const config = new ConfigError(["A is wrong", "B is wrong"]);
  assert.deepEqual(await called(["second"], config), {
    code: 2,
    out: "",
    err: "planner-agent: A is wrong\nplanner-agent: B is wrong\n",
    ran: "",
  });
  assert.equal((await called(["second"], new UsageError("second takes one FILE"))).code, 2);
  await assert.rejects(called(["second"], new Error("a fault")), /a fault/);
});

/** Every path below a folder, with sizes and times. */
function tree(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) => {
    const path = join(folder, name);
    const { size, mtime } = Deno.statSync(path);
    return [`${path} ${size} ${mtime?.getTime()}`, ...isDirectory ? tree(path) : []];
  }).sort();
}

Deno.test("planner-agent: --help and --version of every command, nothing written, nothing needed", async () => {
  using folder = sandbox();
  makeRuntime(folder.path);
  const before = tree(folder.path);
  // Not even the settings have to be right.
  const options = { root: folder.path, settings: { LLM_CHAIN: ",", REDIS_URL: "x" } };
  const { code, out } = await runAgent(["--help"], options);
  assert.equal(code, 0);
  const commands = out.split("Commands:\n")[1]?.split("\n\n")[0]?.split("\n") ?? [];
  const names = commands.map((line) => line.trim().split(" ")[0] ?? "")
    .filter((name) => name !== "version");
  for (const name of ["run", "replay", "pending", "show", "stats", "completions"]) {
    assert.equal(names.includes(name), true, name);
  }
  for (const name of names) {
    const help = await runCommand([name, "--help"], options);
    const version = await runCommand([name, "--version"], options);
    assert.deepEqual([help.code, help.err], [0, ""], name);
    assert.equal(help.out.startsWith(`Usage: planner-agent ${name}`), true, help.out);
    assert.deepEqual(version, { code: 0, out: `planner-agent ${VERSION}\n`, err: "" });
  }
  assert.deepEqual(tree(folder.path), before);
});

Deno.test("planner-agent: an unknown command or option, and a wrong setting", async () => {
  using folder = sandbox();
  makeRuntime(folder.path);
  const [command, argument, option, setting] = await Promise.all([
    runCommand(["launch"], { root: folder.path }),
    runCommand(["run", "fast"], { root: folder.path }),
    runCommand(["run", "--fast"], { root: folder.path }),
    runAgent([], { root: folder.path, settings: { QUEUE_LIMIT: "many", LOG_LEVEL: "loud" } }),
  ]);
  assert.deepEqual([command.code, command.out, option.code, option.out], [2, "", 2, ""]);
  assert.match(command.err, /^planner-agent: unknown command 'launch'; there are: run, replay, /);
  assert.match(
    option.err,
    /^planner-agent: run: Unknown option '--fast'\nUsage: planner-agent run/,
  );
  assert.deepEqual([argument.code, argument.out], [2, ""]);
  assert.match(argument.err, /^planner-agent: run takes no argument/);
  assert.deepEqual([setting.code, setting.out], [2, ""]);
  assert.match(
    setting.err,
    /^planner-agent: QUEUE_LIMIT is "many"; .*\nplanner-agent: LOG_LEVEL is "loud"; /,
  );
});

Deno.test("dispatch: on a terminal nothing at all shows what there is, elsewhere it runs", async () => {
  const { code, out, ran } = await called([], undefined, true);
  assert.deepEqual([code, ran], [0, ""]);
  assert.match(out, /^Usage: planner-agent \[COMMAND\]/);
  assert.equal((await called(["first"], undefined, true)).ran, "first {} ");
});

Deno.test("dispatch: how a command is used is said once", async () => {
  using folder = sandbox();
  makeRuntime(folder.path);
  const { code, err } = await runCommand(["explain"], { root: folder.path });
  assert.deepEqual([code, err], [
    2,
    "planner-agent: explain takes one NODE or NODE/SERVICE\n" +
    "Usage: planner-agent explain NODE[/SERVICE] [--limit N] [--json]\n" +
    "       planner-agent explain --list\nTry 'planner-agent --help'.\n",
  ]);
});

Deno.test("commandsFor: a command is loaded alone, and all where none is named", async () => {
  const names = async (name: string) => (await commandsFor(name)).map((command) => command.name);
  assert.deepEqual([await names("status"), await names("run")], [["status"], ["run"]]);
  for (const none of ["", "launch", "help", "version"]) {
    assert.deepEqual(
      (await names(none)).join(" "),
      "run replay check status pending show explain stats silences silence check-event eval " +
        "permissions completions",
    );
  }
  const { out } = await runCommand(["completions", "fish"], { root: "/srv" });
  const completed = [...out.matchAll(/__fish_use_subcommand -a ([\w-]+)/g)].map(([, name]) => name);
  assert.deepEqual(completed, [...await names(""), "help", "version"]);
});

Deno.test("oneFile: one, no more and no less", () => {
  assert.equal(oneFile({ name: "eval" }, ["-"]), "-");
  for (const paths of [[], ["a", "b"]]) {
    assert.throws(() => oneFile({ name: "eval" }, paths), {
      message: "eval takes one FILE, or - for standard input",
    });
  }
});

Deno.test("planner-agent: what was typed reaches the terminal without its codes, and a folder is no file", async () => {
  using folder = sandbox();
  makeRuntime(folder.path);
  const odd = await runAgent(["\x1b[2Jx\u202e"], { root: folder.path });
  assert.match(odd.err, /^planner-agent: unknown command 'x'; there are: run, /);
  const read = await runAgent(["check-event", folder.path], { root: folder.path });
  assert.match(read.err, /^planner-agent: check-event: cannot read '\S+': it is a folder\n/);
});

Deno.test("--help: of every command fits 80 columns", () => {
  const texts = [overview(COMMANDS), ...COMMANDS.map(usage)];
  const long = texts.flatMap((text) => text.split("\n")).filter((line) => line.length > 80);
  assert.deepEqual(long, []);
});

Deno.test("the manual page is the text of --help", () => {
  const page = Deno.readTextFileSync(
    join(import.meta.dirname ?? ".", "../../docs/planner-agent.1"),
  );
  assert.equal(page, manualPage(), "run: ./scripts/deno task man");
});

Deno.test("readWhole: what has no end is read no further than to its bound", async () => {
  const MIB = 1024 * 1024;
  let pulled = 0;
  const blocks = (most: number) =>
    new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull(controller) {
        if (pulled++ === most) controller.close();
        else controller.enqueue(new Uint8Array(MIB));
      },
    });
  const read = (input: Io["input"], path = "-") =>
    readWhole({ name: "eval" }, {
      io: recordingIo({ input, open: () => Promise.resolve(input) }).io,
      path,
      mostMib: 2,
    });
  assert.equal((await read(blocks(2))).length, 2 * MIB);
  for (const path of ["-", "/x"]) {
    pulled = 0;
    await assert.rejects(read(blocks(1_000), path), {
      name: "UsageError",
      message: `eval: cannot read '${path}': it is over 2 MiB`,
    });
    assert.ok(pulled < 10, String(pulled));
  }
});
