/**
 * A server that answers Redis commands as a test says, for what a real one cannot be made to show.
 *
 * @module
 */
import { bulk, type Reply } from "./resp.ts";
import { type RespConnection, type RespServer, respServer } from "./resp_server.ts";

/** Answers a command; `undefined` says nothing. */
export type Script = (words: readonly string[], connection: RespConnection) => Reply | undefined;

export interface ScriptedRedis extends RespServer {
  /** All commands so far. */
  readonly commands: readonly (readonly string[])[];
  /** Resolves with the `nth` command of this name, past or future. */
  seen(name: string, nth?: number): Promise<readonly string[]>;
}

/** A script's usual answers: everything is allowed and well. */
export function healthy(words: readonly string[]): Reply {
  switch (words[0]) {
    case "SUBSCRIBE":
      return [bulk("subscribe"), bulk(words[1] ?? ""), 1];
    case "PING":
      return [bulk("pong"), bulk("")];
    default:
      return "OK";
  }
}

export function scriptedRedis(
  script: Script,
  connected?: (connection: RespConnection) => void,
): ScriptedRedis {
  const commands: (readonly string[])[] = [];
  const waiters = new Set<() => void>();
  const server = respServer({
    ...(connected ? { connected } : {}),
    asked(words, connection) {
      commands.push(words);
      const reply = script(words, connection);
      if (reply !== undefined) connection.send(reply);
      for (const waiter of [...waiters]) waiter();
    },
  });
  return Object.defineProperties({} as ScriptedRedis, {
    ...Object.getOwnPropertyDescriptors(server),
    commands: { value: commands },
    seen: {
      value: (name: string, nth = 1) =>
        new Promise((resolve) => {
          const look = () => {
            const found = commands.filter((words) => words[0] === name)[nth - 1];
            if (!found) return;
            waiters.delete(look);
            resolve(found);
          };
          waiters.add(look);
          look();
        }),
    },
  });
}
