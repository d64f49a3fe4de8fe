import { visibleText } from "../text/visible.ts";

/** What the system said, and of which path: another one may have been in the way. */
const saidOf = ({ message }: Error) => /^(.*): (?:\w+ )?'([^']+)'$/.exec(message) ?? [];

/** Why something under RUNTIME_PATH could not be read, in words without a full stop. */
export function whyUnread(error: Error): string {
  if (error instanceof Deno.errors.NotCapable) {
    return "this program was not given the permission (see RUNTIME_PATH)";
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    return "this user has no permission (see the group homelab)";
  }
  const [, said = error.message] = saidOf(error);
  return visibleText(said);
}

/** That `path`, or what was in its way, could not be read, and why: without a full stop. */
export function readFailure(error: Error, path: string): string {
  const [, , named = path] = saidOf(error);
  return `${visibleText(named)} cannot be read: ${whyUnread(error)}`;
}
