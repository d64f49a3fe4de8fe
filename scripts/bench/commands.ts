/**
 * The command of each side, and the environment it is started with.
 *
 * @module
 */
import { ENVIRONMENT_NAMES } from "../../lib/config/environment.ts";

/** What a command may name in braces: it is known only when its surroundings are up. */
export interface Places {
  readonly root: string;
  readonly redisPort: number;
  readonly ollamaPort: number;
}

/**
 * A command line as words: blanks separate, quotes and backslashes keep as in a shell; nothing is
 * expanded.
 * @throws when a quote is left open or there is no word.
 */
export function splitCommand(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = "";
  for (let i = 0; i < text.length; i++) {
    const char = text.charAt(i);
    if (quote === "" && /\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (quote === "" && (char === "'" || char === '"')) {
      quote = char;
      word ??= "";
    } else if (char === quote) {
      quote = "";
    } else if (char === "\\" && quote !== "'" && i + 1 < text.length) {
      word = (word ?? "") + text.charAt(++i);
    } else {
      word = (word ?? "") + char;
    }
  }
  if (quote !== "") throw new Error(`the command has an open ${quote}: ${text}`);
  if (word !== undefined) words.push(word);
  if (words.length === 0) throw new Error("the command is empty");
  return words;
}

/** Puts a run's own folder and ports into a command. */
export function fillIn(words: readonly string[], places: Places): string[] {
  return words.map((word) =>
    word.replaceAll("{root}", places.root)
      .replaceAll("{redis_port}", String(places.redisPort))
      .replaceAll("{ollama_port}", String(places.ollamaPort))
  );
}

/** Deno, allowed what follows and nothing else. */
function confined(deno: string): string[] {
  return [deno, "run", "--frozen", "--no-prompt", "--deny-import"];
}

/** This project's agent, allowed what it is allowed in service. */
export function ownAgent(deno: string, project: string): string[] {
  return [
    ...confined(deno),
    "--allow-net=127.0.0.1:{redis_port},127.0.0.1:{ollama_port}",
    "--allow-read={root}",
    "--allow-write={root}/actions/pending,{root}/events,{root}/state",
    `--allow-env=${ENVIRONMENT_NAMES.join(",")}`,
    "--ignore-env",
    `${project}/main.ts`,
    "run",
  ];
}

/** The ceiling: see bare_subscriber.ts. */
export function bareSubscriber(deno: string, project: string): string[] {
  return [
    ...confined(deno),
    "--allow-net=127.0.0.1:{redis_port}",
    "--allow-write={root}/actions/pending",
    "--allow-env=REDIS_URL,RUNTIME_PATH",
    "--ignore-env",
    `${project}/scripts/bench/bare_subscriber.ts`,
  ];
}

/** The environment of a side: the caller's own without the agent's names, then a run's values. */
export function environment(
  inherited: Readonly<Record<string, string>>,
  places: Places,
): Record<string, string> {
  const own: ReadonlySet<string> = new Set(ENVIRONMENT_NAMES);
  const kept = Object.entries(inherited).filter(([name]) => !own.has(name));
  return {
    ...Object.fromEntries(kept),
    REDIS_URL: `redis://127.0.0.1:${places.redisPort}`,
    OLLAMA_HOST: `http://127.0.0.1:${places.ollamaPort}`,
    OLLAMA_MODEL: "qwen2.5:7b",
    NODE_NAME: "solaria",
    RUNTIME_PATH: places.root,
    COOLDOWN_SECONDS: "300",
    LOG_LEVEL: "info",
  };
}
