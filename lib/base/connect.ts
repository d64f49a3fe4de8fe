/**
 * A connection to a name, by whichever of its addresses answers: Deno.connect() of 2.7.11 tries the
 * first only (denoland/deno#25661, #31726), and on many machines `localhost` is `::1` first, where
 * nothing listens. A permission is for the name, so that no address can be asked for by itself:
 * node:net is handed one by its `lookup`, with the runtime's proof that it belongs to the name.
 *
 * @module
 */
import { lookup, type LookupAddress } from "node:dns";
import { connect as openSocket, isIP, type LookupFunction, type Socket } from "node:net";
import { abortable } from "./abortable.ts";
import { systemClock } from "./clock.ts";
import { ConnectError, firstOf, inTurn } from "./happy_eyeballs.ts";

interface Peer {
  /** A name, or an address without brackets. */
  readonly hostname: string;
  readonly port: number;
  readonly tls: boolean;
}

/**
 * @param onTry told of each address as its turn comes; a deadline's error can name them.
 * @throws {ConnectError}, Deno's own error, or the reason of the signal.
 */
export async function connect(
  peer: Peer,
  signal: AbortSignal,
  onTry: (address: string) => void = () => {},
): Promise<Deno.Conn> {
  const tcp = await connectTcp(peer, signal, onTry);
  tcp.setNoDelay();
  if (!peer.tls) return tcp;
  const secure = await Deno.startTls(tcp, { hostname: peer.hostname });
  try {
    await abortable(secure.handshake(), signal);
    return secure;
  } catch (error) {
    secure.close();
    throw error;
  }
}

async function connectTcp(
  peer: Peer,
  signal: AbortSignal,
  onTry: (address: string) => void,
): Promise<Deno.TcpConn> {
  const { hostname, port } = peer;
  const addresses = isIP(hostname) ? [] : await abortable(addressesOf(hostname, port), signal);
  if (addresses.length < 2) {
    for (const { address } of addresses) onTry(address);
    return await Deno.connect({ hostname, port, signal });
  }
  const open = (address: LookupAddress, over: AbortSignal) => {
    onTry(address.address);
    return connectTo(peer, address, over);
  };
  return await firstOf(addresses, open, { signal, clock: systemClock });
}

/** A name's addresses, families in turn; none where it has none or must not be asked for. */
function addressesOf(hostname: string, port: number): Promise<readonly LookupAddress[]> {
  // The runtime looks at the port as well: the permission is for both.
  const options = { all: true, verbatim: true, port } as const;
  return new Promise((resolve) => {
    // The plain connection that is tried next reports why it has none.
    lookup(hostname, options, (error, found) => resolve(error ? [] : inTurn(found)));
  });
}

/** One attempt: a TCP connection to an address of the name. */
async function connectTo(
  { hostname, port }: Peer,
  { address, family }: LookupAddress,
  signal: AbortSignal,
): Promise<Deno.TcpConn> {
  // Along with each address the runtime hands over its proof that the address is the name's.
  const onlyThis: LookupFunction = (name, options, done) => {
    const all = { ...options, all: true, verbatim: true } as const;
    lookup(name, all, (error, _addresses, ...proof: unknown[]) => {
      const tell = done as (...values: unknown[]) => void;
      tell(error, address, family, ...proof.slice(1));
    });
  };
  const socket = openSocket({ host: hostname, port, lookup: onlyThis, autoSelectFamily: false });
  // What comes is read from the connection below, not by the socket.
  socket.pause();
  const connected = new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.on("error", reject);
  });
  try {
    await abortable(connected, signal);
    return connectionBelow(socket);
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** Deno's own connection under a socket of node:net: only that can begin TLS and says how it went. */
function connectionBelow(socket: Socket): Deno.TcpConn {
  const handle: unknown = Reflect.get(socket, "_handle");
  const parts = typeof handle === "object" && handle !== null
    ? Object.getOwnPropertySymbols(handle).map((key): unknown => Reflect.get(handle, key))
    : [];
  const conn = parts.find((part): part is Deno.TcpConn =>
    typeof part === "object" && part !== null && "closeWrite" in part && "setNoDelay" in part
  );
  if (conn) return conn;
  throw new ConnectError("this Deno keeps no connection below a socket", [], undefined);
}
