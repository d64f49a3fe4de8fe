/**
 * Pub/sub of Redis in this process, for machines without redis-server: passwords, users with
 * channel patterns, and error texts as Redis 7 words them.
 *
 * @module
 */
import { bulk, type Reply, RespError } from "./resp.ts";
import { type RespConnection, type RespServer, respServer } from "./resp_server.ts";

interface User {
  on: boolean;
  nopass: boolean;
  password: string | null;
  allCommands: boolean;
  commands: Set<string>;
  /** Exact names; `*` stands for all. */
  channels: Set<string>;
}

/** Commands that need neither a password nor a permission. */
const FREE = new Set(["AUTH", "HELLO", "QUIT"]);

function apply(user: User, rules: readonly string[]): void {
  for (const rule of rules) {
    const rest = rule.slice(1);
    if (rule === "on") user.on = true;
    else if (rule === "off") user.on = false;
    else if (rule === "nopass") user.nopass = true;
    else if (rule === "resetchannels") user.channels.clear();
    else if (rule === "+@all") user.allCommands = true;
    else if (rule === "-@all") {
      user.allCommands = false;
      user.commands.clear();
    } else if (rule.startsWith(">")) user.password = rest;
    else if (rule.startsWith("+")) user.commands.add(rest.toUpperCase());
    else if (rule.startsWith("-")) user.commands.delete(rest.toUpperCase());
    else if (rule.startsWith("&")) user.channels.add(rest);
    else throw new RespError(`ERR the stand-in knows no ACL rule ${rule}`);
  }
}

/** Starts one; `users` are ACL lines such as `agent on >pw resetchannels &news +subscribe`. */
export function startStandIn(
  { port, requirepass, users }: { port: number; requirepass: string; users: readonly string[] },
): RespServer {
  const accounts = new Map<string, User>();
  const identity = new Map<RespConnection, string | null>();
  const subscribers = new Map<string, Set<RespConnection>>();

  function setUser(name: string, rules: readonly string[]): void {
    const user = accounts.get(name) ??
      {
        on: false,
        nopass: false,
        password: null,
        allCommands: false,
        commands: new Set(),
        channels: new Set(),
      };
    apply(user, rules);
    accounts.set(name, user);
  }
  setUser("default", ["on", "nopass", "+@all", "&*"]);
  for (const line of users) {
    const [name = "", ...rules] = line.split(" ");
    setUser(name, rules);
  }
  setPassword(requirepass);

  function setPassword(password: string): void {
    const user = accounts.get("default");
    if (!user) return;
    user.nopass = password === "";
    user.password = password === "" ? null : password;
  }

  function subscriptions(connection: RespConnection): number {
    return [...subscribers.values()].filter((set) => set.has(connection)).length;
  }

  function authenticate(words: readonly string[], connection: RespConnection): Reply {
    const [name, password] = words.length > 2 ? [words[1], words[2]] : ["default", words[1]];
    const user = accounts.get(name ?? "");
    if (name === "default" && user?.nopass && words.length === 2) {
      return new RespError(
        "ERR AUTH <password> called without any password configured for the default user. Are " +
          "you sure your configuration is correct?",
      );
    }
    if (!user?.on || !(user.nopass || user.password === password)) {
      return new RespError("WRONGPASS invalid username-password pair or user is disabled.");
    }
    identity.set(connection, name ?? null);
    return "OK";
  }

  function publish(channel: string, message: Reply): number {
    const listeners = subscribers.get(channel) ?? new Set();
    for (const listener of listeners) listener.send([bulk("message"), bulk(channel), message]);
    return listeners.size;
  }

  function answer(words: readonly string[], from: RespConnection, raw: readonly Reply[]): Reply {
    const [command = "", first = "", second = ""] = words;
    const user = accounts.get(identity.get(from) ?? "");
    if (!FREE.has(command)) {
      if (!user) return new RespError("NOAUTH Authentication required.");
      if (!user.allCommands && !user.commands.has(command)) {
        return new RespError(
          `NOPERM this user has no permissions to run the '${command.toLowerCase()}' command`,
        );
      }
    }
    switch (command) {
      case "HELLO":
        return new RespError("NOPROTO unsupported protocol version");
      case "AUTH":
        return authenticate(words, from);
      case "PING":
        return subscriptions(from) > 0 ? [bulk("pong"), bulk(first)] : "PONG";
      case "SUBSCRIBE": {
        if (!user?.channels.has("*") && !user?.channels.has(first)) {
          return new RespError(
            "NOPERM this user has no permissions to access one of the channels used as arguments",
          );
        }
        const listeners = subscribers.get(first) ?? new Set();
        subscribers.set(first, listeners.add(from));
        return [bulk("subscribe"), bulk(first), subscriptions(from)];
      }
      case "UNSUBSCRIBE":
        subscribers.get(first)?.delete(from);
        return [bulk("unsubscribe"), bulk(first), subscriptions(from)];
      case "PUBLISH":
        return publish(first, raw[2] ?? bulk(second));
      case "PUBSUB":
        return [bulk(second), subscribers.get(second)?.size ?? 0];
      case "CONFIG":
        setPassword(words[3] ?? "");
        return "OK";
      case "ACL":
        setUser(second, words.slice(3));
        return "OK";
      case "CLIENT": {
        const victims = new Set([...subscribers.values()].flatMap((set) => [...set]));
        for (const victim of victims) victim.close();
        return victims.size;
      }
      case "INFO":
        return bulk("# Server\r\nredis_version:7.0.0\r\nloading:0\r\n");
      case "QUIT":
        return "OK";
      default:
        return new RespError(`ERR unknown command '${command}'`);
    }
  }

  return respServer({
    connected: (connection) =>
      void identity.set(connection, accounts.get("default")?.nopass ? "default" : null),
    asked(words, connection, raw) {
      connection.send(answer(words, connection, raw));
      if (words[0] === "QUIT") connection.close();
    },
    closed(connection) {
      identity.delete(connection);
      for (const listeners of subscribers.values()) listeners.delete(connection);
    },
  }, port);
}
