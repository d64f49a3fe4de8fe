/**
 * The users that docs/redis.md grants, read from it, so that tests run as those and no others.
 *
 * @module
 */
import { join } from "node:path/posix";
import { type Reply, respClient } from "./resp.ts";

const PAGE = Deno.readTextFileSync(join(import.meta.dirname ?? ".", "../../docs/redis.md"));
const [, CHAPTER = ""] = PAGE.split("\n## The least user of an ACL\n");

export const PASSWORD = "pw";
/** The user of most lines, as in a URL. */
export const LOGIN = `planner-agent:${PASSWORD}`;

/** Where an administrator can ask. */
export interface Administered {
  command(...words: readonly string[]): Promise<Reply>;
}

/** One `ACL SETUSER` line. */
export interface AclLine {
  readonly user: string;
  /** With the password of tests; parentheses are words of their own. */
  readonly words: readonly string[];
}

/** The line below the comment that begins with these words, such as `INTAKE=pubsub`. */
export function aclLine(label: string): AclLine {
  const [chapter = ""] = CHAPTER.split("\n## ");
  const [, after = ""] = chapter.split(`\n# ${label}`);
  const line = /^[^\n]*\nACL SETUSER (\S+) (.+)\n/.exec(after);
  const [, user, rules] = line ?? [];
  if (user === undefined || rules === undefined) {
    throw new Error(`docs/redis.md has no line for ${label}`);
  }
  const words = rules.replaceAll("(", "( ").replaceAll(")", " )").split(" ");
  return { user, words: words.map((word) => word === ">PASSWORD" ? `>${PASSWORD}` : word) };
}

/** What a line grants, each of which can be left out. */
export function rightsOf(line: AclLine): readonly string[] {
  return line.words.filter((word) => /^[+~&%]/.test(word));
}

/** The line with another right, or none, for one of its own. */
export function changed(line: AclLine, right: string, instead?: string): AclLine {
  if (!line.words.includes(right)) throw new Error(`${right} is not granted`);
  const words = line.words.flatMap((word) => word !== right ? word : instead ?? []);
  return { ...line, words };
}

/** Runs the lines, and forgets what was denied before. */
export async function grant(redis: Administered, ...lines: readonly AclLine[]): Promise<void> {
  for (const { user, words } of lines) await redis.command("ACL", "SETUSER", user, ...words);
  await redis.command("ACL", "LOG", "RESET");
}

/** What was denied since, sorted: commands, keys and channels. */
export async function denied(redis: Administered): Promise<readonly string[]> {
  const entries = await redis.command("ACL", "LOG", "1000");
  if (!Array.isArray(entries)) throw new Error(`ACL LOG: ${String(entries)}`);
  return [...new Set(entries.map((entry: readonly Reply[]) => String(entry[7])))].sort();
}

/** Does what is to be allowed on a Redis; fails as soon as something is denied. */
export async function undenied(port: number, work: () => Promise<void>): Promise<void> {
  const client = await respClient(port);
  let open = true;
  const watch = async () => {
    for (let last = false; !last;) {
      last = !open;
      const names = await denied(client);
      if (names.length > 0) throw new Error(`denied: ${names.join(", ")}`);
      if (open) await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const watching = watch();
  // What is denied may be waited for, and never come.
  const working = work().finally(() => open = false);
  try {
    await Promise.race([working, watching]);
  } finally {
    open = false;
    await watching.finally(client.close);
  }
}
