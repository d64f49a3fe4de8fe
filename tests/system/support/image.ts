/** An image with nothing but users, on which install.sh is run. @module */
import assert from "node:assert/strict";
import { join } from "node:path/posix";
import { sha256 } from "../../../scripts/compile/release.ts";
import { PROJECT } from "./binary.ts";
import { program, root } from "./requirement.ts";

export const SCRIPT = join(PROJECT, "scripts/install.sh");
export const NEEDS = [root, program("useradd"), program("sha256sum")];
export const EXECUTOR = 1500;

/** An image with nothing but users, and a build to install: any file will do as the binary. */
export interface Image extends AsyncDisposable {
  readonly root: string;
  /** Path in the image. */
  readonly at: (path: string) => string;
  readonly binary: string;
  readonly install: (...args: string[]) => Promise<{ code: number; out: string; err: string }>;
}

export async function writeBuild(
  binary: string,
  text: string,
  change: Record<string, unknown> = {},
) {
  await Deno.writeTextFile(binary, text);
  const manifest = {
    version: "0.1.0",
    grants: { net: ["100.108.208.3:6379", "100.108.208.3:11434"], read: ["/opt/homelab/actions"] },
    redis_url: "redis://100.108.208.3:6379",
    ollama_hosts: ["http://100.108.208.3:11434", "http://10.0.0.1"],
    runtime_path: "/opt/homelab",
    bytes: text.length,
    sha256: await sha256(await Deno.readFile(binary)),
    ...change,
  };
  await Deno.writeTextFile(`${binary}.json`, JSON.stringify(manifest, null, 2));
}

export async function image(change: Record<string, unknown> = {}): Promise<Image> {
  const folder = await Deno.makeTempDir({ prefix: "planner-agent-install-" });
  const root = join(folder, "image");
  await Deno.mkdir(join(root, "etc"), { recursive: true });
  await Deno.writeTextFile(
    join(root, "etc/passwd"),
    `root:x:0:0::/root:/bin/sh\nexecutor:x:${EXECUTOR}:${EXECUTOR}::/:/bin/sh\n`,
  );
  await Deno.writeTextFile(
    join(root, "etc/group"),
    `root:x:0:\nusers:x:100:\nexecutor:x:${EXECUTOR}:\n`,
  );
  await Deno.writeTextFile(join(root, "etc/shadow"), "");
  const binary = join(folder, "planner-agent-aarch64");
  await writeBuild(binary, "first", change);
  return {
    root,
    at: (path) => join(root, path),
    binary,
    async install(...args) {
      const { code, stdout, stderr } = await new Deno.Command("sh", {
        args: [SCRIPT, "--root", root, "--binary", binary, ...args],
      }).output();
      const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
      return { code, out: text(stdout), err: text(stderr) };
    },
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

/** The id of a name in the image's passwd or group file. */
export function idOf(image: Image, file: "passwd" | "group", name: string): number {
  const line = Deno.readTextFileSync(image.at(`etc/${file}`)).split("\n")
    .find((line) => line.startsWith(`${name}:`));
  assert(line !== undefined, `no ${name} in ${file}`);
  return Number(line.split(":")[2]);
}

/** `mode uid:gid` of each path. */
export function access(image: Image, paths: readonly string[]): string[] {
  return paths.map((path) => {
    const { mode, uid, gid } = Deno.lstatSync(image.at(path));
    return `${((mode ?? 0) & 0o7777).toString(8)} ${uid}:${gid} ${path}`;
  });
}
