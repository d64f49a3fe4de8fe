/**
 * Runs a command under a pseudo-terminal, as a person would see it.
 *
 * @module
 */

/** Reads everything until the command ends, then ends with its status. */
const PROGRAM = `
import fcntl, os, pty, struct, sys, termios
columns = int(sys.argv[1])
pid, fd = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    os.execvp(sys.argv[2], sys.argv[2:])
while True:
    try:
        chunk = os.read(fd, 65536)
    except OSError:
        break
    if not chunk:
        break
    sys.stdout.buffer.write(chunk)
sys.stdout.flush()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

export interface TerminalOptions {
  readonly columns: number;
  readonly env: Record<string, string>;
}

/** What a command writes to a terminal of so many columns, and its exit status. */
export async function onTerminal(
  command: readonly string[],
  { columns, env }: TerminalOptions,
): Promise<{ code: number; text: string }> {
  const { code, stdout, stderr } = await new Deno.Command("python3", {
    args: ["-c", PROGRAM, String(columns), ...command],
    clearEnv: true,
    env: { PATH: Deno.env.get("PATH") ?? "/usr/bin:/bin", ...env },
    stdin: "null",
  }).output();
  const problems = new TextDecoder().decode(stderr);
  if (problems !== "") throw new Error(problems);
  // A terminal ends lines with CR LF.
  return { code, text: new TextDecoder().decode(stdout).replaceAll("\r\n", "\n") };
}
