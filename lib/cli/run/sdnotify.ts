import { type Clock, sleep } from "../../base/clock.ts";
import { errorMessage } from "../../base/error_message.ts";
import type { Log } from "../../base/log/log.ts";
import { plainLine } from "../../base/text/plain_line.ts";

/** Longest value, in UTF-16 units. */
const LONGEST_VALUE = 200;
/** How long closing waits for a systemd that does not read. */
const LAST_WORDS_MS = 1_000;

type Variable = "READY" | "STATUS" | "WATCHDOG" | "STOPPING";

/**
 * Tells systemd how the agent is (`man sd_notify`; the unit says `Type=notify`). No failure here
 * ever stops the agent: what cannot be sent is one log line, `sd_notify_failed`, until something
 * arrives again. Where there is no socket to send to, or none to send from, it does nothing.
 */
export function openNotifier(
  { socketPath, ownSocketPath, log, clock }: {
    /** NOTIFY_SOCKET as systemd sets it. */
    readonly socketPath: string | undefined;
    /** Where the socket to send from is made; a path that nothing else uses. */
    readonly ownSocketPath: string;
    readonly log: Log;
    readonly clock: Clock;
  },
) {
  let failing = false;
  const failed = (error: unknown) => {
    if (failing) return;
    failing = true;
    log.warning("sd_notify_failed", { socket: socketPath, error: errorMessage(error) });
  };
  let socket: Deno.DatagramConn | undefined;
  try {
    if (socketPath) socket = bindOwn(socketPath, ownSocketPath);
  } catch (error) {
    failed(error);
  }

  // The newest value of each variable: all that a systemd which does not read can make wait.
  const unsent = new Map<Variable, string>();
  let sending: Promise<void> | undefined;
  let closing: Promise<void> | undefined;

  async function sendAll(from: Deno.DatagramConn, path: string) {
    while (socket && unsent.size > 0) {
      const lines = [...unsent].map(([name, value]) => `${name}=${value}`);
      unsent.clear();
      try {
        const bytes = new TextEncoder().encode(lines.join("\n"));
        await from.send(bytes, { transport: "unixpacket", path });
        failing = false;
      } catch (error) {
        if (socket) failed(error);
      }
    }
    sending = undefined;
  }

  async function close(from: Deno.DatagramConn) {
    const sent = new AbortController();
    await Promise.race([sending, sleep(clock, LAST_WORDS_MS, sent.signal)]);
    sent.abort();
    socket = undefined;
    from.close();
    try {
      Deno.removeSync(ownSocketPath);
    } catch {
      // The next start removes it.
    }
  }

  return {
    /** Says something; nothing waits for it to arrive but `close`. */
    tell(variable: Variable, value = "1"): void {
      if (closing || !socket || !socketPath) return;
      unsent.set(variable, plainLine(value, LONGEST_VALUE));
      sending ??= sendAll(socket, socketPath);
    },
    /** Waits, for a second at most, until all is sent, and removes the own socket. */
    close: async (): Promise<void> => {
      if (socket) await (closing ??= close(socket));
    },
  };
}

/** The socket to send from: Deno has none without a path of its own. */
function bindOwn(socketPath: string, path: string): Deno.DatagramConn {
  if (!socketPath.startsWith("/")) {
    throw new Error("only a socket with a path can be reached; let NOTIFY_SOCKET be one");
  }
  try {
    // What a killed run left; anything but a socket stays, and binding fails.
    if (Deno.lstatSync(path).isSocket) Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return Deno.listenDatagram({ transport: "unixpacket", path });
}
