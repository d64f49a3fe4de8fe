/** A place that cannot be granted; the message says what was wrong and what is taken. */
export class SiteError extends Error {
  override readonly name = "SiteError";
  constructor(
    message: string,
    /** What is taken instead. */
    readonly takes: string = "",
  ) {
    super(message);
  }
}

/** @throws SiteError that names the setting, its value and what it takes. */
export function cannotUse(what: string, value: string, takes: string): never {
  throw new SiteError(`${what}: cannot use ${JSON.stringify(value)}: it takes ${takes}.`, takes);
}

function isHostName(host: string): boolean {
  const name = host.replace(/\.$/, "");
  return name.length <= 253 &&
    name.split(".").every((label) => /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/i.test(label));
}

/** `host:port` as Deno's net permission spells it, or null where the host is not usable. */
export function hostPort(url: URL, defaultPort: string): string | null {
  const port = url.port === "" ? defaultPort : url.port;
  if (port === "0") return null;
  const host = url.hostname.toLowerCase();
  // The host of a redis: URL is opaque text to the parser, that of http: is what the resolver sees.
  // Where the two differ (0x7f.1, percent-encoding) the grant would not match the connection.
  const plain = `http://${host}/`;
  if (!URL.canParse(plain) || new URL(plain).hostname !== host) return null;
  return isHostName(host) || /^\[[0-9a-f:.]+\]$/i.test(host) ? `${host}:${port}` : null;
}

/**
 * A URL or host without its user and password, for messages and commands. What stands before the
 * last `@` goes, whatever it is: a password may hold `/`, `#` and blanks where it should not.
 */
export function withoutCredentials(text: string): string {
  return text.replace(/^([a-z][a-z0-9+.-]*:\/\/)?[^]*@/i, "$1");
}
