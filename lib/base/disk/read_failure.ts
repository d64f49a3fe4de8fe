import { visibleText } from "../text/visible.ts";

/**
 * Why something under RUNTIME_PATH could not be read: one sentence without a full stop.
 *
 * @param path what was to be read; the system may name another path that was in the way.
 */
export function readFailure(error: Error, path: string): string {
  const [, said = error.message, named = path] = /^(.*): (?:\w+ )?'([^']+)'$/.exec(error.message) ??
    [];
  const why = error instanceof Deno.errors.NotCapable
    ? "this program was not given the permission (see RUNTIME_PATH)"
    : error instanceof Deno.errors.PermissionDenied
    ? "this user has no permission (see the group homelab)"
    : visibleText(said);
  return `${visibleText(named)} cannot be read: ${why}`;
}
