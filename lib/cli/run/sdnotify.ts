/**
 * Tells systemd how the agent is (`man sd_notify`; the unit says `Type=notify`).
 *
 * Outside systemd nothing is sent, and no failure here ever stops the agent.
 *
 * @module
 */
import { type Clock, sleep } from "../../base/clock.ts";
import { errorMessage } from "../../base/error_message.ts";
import type { Log } from "../../base/log/log.ts";
import { plainLine } from "../../base/text/plain_line.ts";

/** Longest text of a status, in UTF-16 units. */
const LONGEST_STATUS = 200;

/** How long closing waits for a systemd that does not read. */
const LAST_WORDS_MS = 1_000;

/** Says something to systemd; nothing waits for it to arrive but {@linkcode Notifier.close}. */
interface Notifier {
  /** Configuration, state and permissions are in order; Redis need not be connected yet. */
  ready(): void;
  /** One line for `systemctl status`. */
  status(text: string): void;
  /** The agent's loop has made progress. */
  watchdog(): void;
  /** The agent is shutting down. */
  stopping(): void;
  /** Waits, for a second at most, until all is sent, and removes the own socket. */
  close(): Promise<void>;
}

interface NotifierOptions {
  /** NOTIFY_SOCKET as systemd sets it. */
  readonly socketPath: string | undefined;
  /** Where the socket to send from is made; a path that nothing else uses. */
  readonly ownSocketPath: string;
  readonly log: Log;
  readonly clock: Clock;
}

const SILENT: Notifier = {
  ready() {},
  status() {},
  watchdog() {},
  stopping() {},
  close: () => Promise.resolve(),
};

/**
 * A notifier that does nothing when there is no socket to send to, or none to send from.
 *
 * What cannot be sent is one log line, `sd_notify_failed`, until something arrives again.
 */
export function openNotifier(options: NotifierOptions): Notifier {
  const { socketPath, ownSocketPath, log, clock } = options;
  if (!socketPath) return SILENT;
  let failing = false;
  const failed = (error: unknown) => {
    if (failing) return;
    failing = true;
    const message = errorMessage(error);
    log.warning("sd_notify_failed", { socket: socketPath, error: message });
  };

  let socket: Deno.DatagramConn;
  try {
    socket = bindOwn(socketPath, ownSocketPath);
  } catch (error) {
    failed(error);
    return SILENT;
  }

  const to = { transport: "unixpacket", path: socketPath } as const;
  const encoder = new TextEncoder();
  // The newest value of each variable: all that a systemd which does not read can make wait.
  const unsent = new Map<string, string>();
  let sending: Promise<void> | undefined;
  let open = true;
  let closing: Promise<void> | undefined;

  async function sendAll() {
    while (open && unsent.size > 0) {
      const lines = [...unsent].map(([name, value]) => `${name}=${value}`);
      unsent.clear();
      try {
        await socket.send(encoder.encode(lines.join("\n")), to);
        failing = false;
      } catch (error) {
        if (open) failed(error);
      }
    }
    sending = undefined;
  }

  function tell(name: string, value: string) {
    if (closing) return;
    unsent.set(name, value);
    sending ??= sendAll();
  }

  async function close() {
    const sent = new AbortController();
    await Promise.race([sending, sleep(clock, LAST_WORDS_MS, sent.signal)]);
    sent.abort();
    open = false;
    socket.close();
    try {
      Deno.removeSync(ownSocketPath);
    } catch {
      // The next start removes it.
    }
  }

  return {
    ready: () => tell("READY", "1"),
    status: (text) => tell("STATUS", plainLine(text, LONGEST_STATUS)),
    watchdog: () => tell("WATCHDOG", "1"),
    stopping: () => tell("STOPPING", "1"),
    close: () => closing ??= close(),
  };
}

/** The socket to send from: Deno has none without a path of its own. */
function bindOwn(socketPath: string, path: string): Deno.DatagramConn {
  if (!socketPath.startsWith("/")) {
    throw new Error("only a socket with a path can be reached; let NOTIFY_SOCKET be one");
  }
  removeStaleSocket(path);
  return Deno.listenDatagram({ transport: "unixpacket", path });
}

/** Removes what a killed run left; anything but a socket stays, and binding fails. */
function removeStaleSocket(path: string) {
  try {
    if (Deno.lstatSync(path).isSocket) Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
