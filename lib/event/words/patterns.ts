/**
 * Words of types as patterns, `*` standing for any end or start of one.
 *
 * @module
 */

/** Finds one of some words, or rows of words, in a type; `*` stands for any end or start of one. */
export function anyOf(patterns: string): RegExp {
  return new RegExp(`(?:^|_)(?:${alternatives(patterns)})(?=_|$)`);
}

/** The same for a type that is one of these as a whole. */
export function whole(patterns: string): RegExp {
  return new RegExp(`^(?:${alternatives(patterns)})$`);
}

export function alternatives(patterns: string): string {
  return patterns.trim().split(/\s+/).join("|").replaceAll("*", "[^_]*");
}

/** Things that run and can be started again. */
export const RUNNABLE =
  "services? containers? pods? app apps application process instance unit daemon " +
  "systemd* docker kube kubernetes stack workload target monitor endpoint http* website site " +
  "probe scrape server worker lxc vm guest qemu exporter";
