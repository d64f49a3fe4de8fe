/** What an event is about: a service on a node. Names are clean: no control or invisible characters. */
export interface Target {
  readonly node: string;
  readonly service: string;
}

/**
 * The key under which everything about one target is kept.
 *
 * NUL cannot occur in a clean name, so two different pairs never share a key; joined with `-` or
 * `/` they could.
 */
export function targetKey(target: Target): string {
  return `${target.node}\0${target.service}`;
}

/** The target as people read it; `svc_key` in the log. */
export function svcKey(target: Target): string {
  return `${target.node}/${target.service}`;
}

/** The target that a {@linkcode targetKey} stands for. */
export function targetOf(key: string): Target {
  const at = key.indexOf("\0");
  return { node: key.slice(0, at), service: key.slice(at + 1) };
}
