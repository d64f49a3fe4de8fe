import { type Clock, sleep } from "../../base/clock.ts";
import { errorMessage } from "../../base/error_message.ts";
import type { Log } from "../../base/log/log.ts";
import { plainLine } from "../../base/text/plain_line.ts";

/** Longest value, in UTF-16 units. */
const LONGEST_VALUE = 200;
/** How long closing waits for a systemd that does not read. */
const LAST_WORDS_MS = 1_000;

interface Notifier {
  /** Says something to systemd; nothing waits for it to arrive but {@linkcode Notifier.close}. */
  tell(variable: "READY" | "STATUS" | "WATCHDOG" | "STOPPING", value?: string): void;
  /** Waits, for a second at most, until all is sent, and removes the own socket. */
  close(): Promise<void>;
}

const SILENT: Notifier = { tell() {}, close: () => Promise.resolve() };

/**
 * Tells systemd how the agent is (`man sd_notify`; the unit says `Type=notify`). No failure here
 * ever stops the agent.
 *
 * A notifier that does nothing when there is no socket to send to, or none to send from.
 *
 * What cannot be sent is one log line, `sd_notify_failed`, until something arrives again.
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
): Notifier {
  if (!socketPath) return SILENT;
  let failing = false;
  const failed = (error: unknown) => {
    if (failing) return;
    failing = true;
    log.warning("sd_notify_failed", { socket: socketPath, error: errorMessage(error) });
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
    tell(variable, value = "1") {
      if (closing) return;
      unsent.set(variable, plainLine(value, LONGEST_VALUE));
      sending ??= sendAll();
    },
    close: () => closing ??= close(),
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
