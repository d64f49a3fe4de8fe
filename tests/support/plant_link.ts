/**
 * Makes a symbolic link. Deno lets only a program with all rights over files do that, which the
 * tests are not: another Deno does it for them.
 */
export function plantLink(target: string, at: string): void {
  const code = `Deno.symlinkSync(${JSON.stringify(target)}, ${JSON.stringify(at)})`;
  const { success, stderr } = new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-config", code],
    clearEnv: true,
  }).outputSync();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}
