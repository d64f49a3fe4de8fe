/**
 * The two things to download for an architecture: a tar with everything, and a Debian package. Built
 * from a folder each, in which every file has the commit's time, so that the same commit gives the
 * same bytes.
 *
 * @module
 */
import { basename, dirname, join } from "node:path/posix";
import type { Arch } from "../compile/options.ts";
import { command } from "./command.ts";

export interface PackageParts {
  /** The project's root. */
  readonly root: string;
  /** A folder with planner-agent-<arch>, its manifest and its SBOM. */
  readonly built: string;
  readonly arch: Arch;
  readonly version: string;
  /** The time of all files, in seconds since 1970. */
  readonly epoch: number;
  /** An empty folder to work in. */
  readonly work: string;
  /** Where the packages go. */
  readonly out: string;
}

const DEBIAN_ARCH: Readonly<Record<Arch, string>> = { x86_64: "amd64", aarch64: "arm64" };
const TEXTS = ["README.md", "CHANGELOG.md", "SECURITY.md", "LICENSE"];

/** `planner-agent-<version>-<arch>.tar.gz`; returns its path. */
export async function makeTar(parts: PackageParts): Promise<string> {
  const { root, built, arch, version, epoch, work, out } = parts;
  const name = `planner-agent-${version}-${arch}`;
  const tree = join(work, name);
  for (const file of [`planner-agent-${arch}`, `planner-agent-${arch}.json`, "sbom.cdx.json"]) {
    await copy(join(built, file), join(tree, file));
  }
  for (const file of ["install.sh", "planner-agent.service"]) {
    await copy(join(root, "scripts", file), join(tree, file));
  }
  await copyTexts(root, tree);
  await settle(tree, epoch);
  const path = join(out, `${name}.tar.gz`);
  const tar = `${path}.tar`;
  const fixed = ["--sort=name", "--owner=0", "--group=0", "--numeric-owner", `--mtime=@${epoch}`];
  await command("tar", ["--create", "--file", tar, "--directory", work, ...fixed, name]);
  await command("gzip", ["--no-name", "--force", tar]);
  await Deno.rename(`${tar}.gz`, path);
  return path;
}

/** `planner-agent_<version>_<architecture>.deb`; returns its path. */
export async function makeDeb(parts: PackageParts): Promise<string> {
  const { root, built, arch, version, epoch, work, out } = parts;
  const tree = join(work, "deb");
  const own = join(tree, "usr/lib/planner-agent");
  await copy(join(built, `planner-agent-${arch}`), join(tree, "usr/bin/planner-agent"));
  await copy(join(built, `planner-agent-${arch}.json`), join(own, "planner-agent.json"));
  await Deno.symlink("../../bin/planner-agent", join(own, "planner-agent"));
  await copy(join(root, "scripts/install.sh"), join(own, "install.sh"));
  const unit = (await Deno.readTextFile(join(root, "scripts/planner-agent.service")))
    .replaceAll("/usr/local/bin/planner-agent", "/usr/bin/planner-agent");
  await write(join(own, "planner-agent.service"), unit);
  await write(join(tree, "usr/lib/systemd/system/planner-agent.service"), unit);
  const settings = "etc/planner-agent/planner-agent.env";
  await write(join(tree, settings), SETTINGS, 0o640);
  const doc = join(tree, "usr/share/doc/planner-agent");
  await copyTexts(root, doc);
  await Deno.rename(join(doc, "LICENSE"), join(doc, "copyright"));
  await copy(join(built, "sbom.cdx.json"), join(doc, "sbom.cdx.json"));
  await settle(tree, epoch);

  const bytes = await sizeOf(tree);
  const control = join(tree, "DEBIAN");
  await write(join(control, "md5sums"), await checksums(tree));
  await write(join(control, "conffiles"), `/${settings}\n`);
  await write(join(control, "control"), controlFile(version, arch, bytes));
  for (const script of ["postinst", "prerm", "postrm"]) {
    await copy(join(root, "scripts/release/debian", script), join(control, script));
    await Deno.chmod(join(control, script), 0o755);
  }
  await settle(control, epoch);
  const path = join(out, `planner-agent_${version}_${DEBIAN_ARCH[arch]}.deb`);
  // Every dpkg can read gzip; zstd is too new for some, xz takes minutes on a small machine.
  await command("dpkg-deb", ["--root-owner-group", "-Zgzip", "--build", tree, path], {
    SOURCE_DATE_EPOCH: String(epoch),
  });
  return path;
}

function controlFile(version: string, arch: Arch, bytes: number): string {
  return `Package: planner-agent
Version: ${version}
Architecture: ${DEBIAN_ARCH[arch]}
Maintainer: planner-agent contributors <planner-agent@localhost>
Installed-Size: ${Math.ceil(bytes / 1024)}
Depends: libc6 (>= 2.28), libgcc-s1, passwd
Suggests: redis-server
Section: admin
Priority: optional
Description: proposes repairs for a homelab, and never carries them out
 Reads the health events of a homelab from Redis, has a local model diagnose
 each, and leaves a proposal as a file for a person to approve. Its permissions
 are baked in and held by systemd: it can only propose.
 .
 This build reaches two names, planner-redis (port 6379) and planner-ollama
 (port 11434), which /etc/hosts gives an address.
`;
}

const SETTINGS =
  `# Settings of planner-agent, NAME=value a line; docs/configuration.md has the list. This file may
# hold the Redis password: keep it mode 0640 and root's. The hosts are fixed in the binary:
# planner-redis and planner-ollama, which /etc/hosts gives an address.
#NODE_NAME=solaria
#REDIS_URL=redis://USER:PASSWORD@planner-redis:6379
#LLM_CHAIN=qwen2.5:7b,rules
#PROPOSAL_CHANNEL=proposals
MAX_PENDING_PER_SERVICE=1
STORM_SERVICES=5
`;

async function copyTexts(root: string, to: string): Promise<void> {
  for (const name of TEXTS) {
    await copy(join(root, name), join(to, name)).catch((error: unknown) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  }
  for (const folder of ["docs", "examples"]) await copyFolder(join(root, folder), join(to, folder));
}

async function copyFolder(from: string, to: string): Promise<void> {
  for await (const { name, isDirectory, isFile } of Deno.readDir(from)) {
    if (isDirectory) await copyFolder(join(from, name), join(to, name));
    else if (isFile) await copy(join(from, name), join(to, name));
  }
}

async function copy(from: string, to: string): Promise<void> {
  await Deno.mkdir(dirname(to), { recursive: true });
  await Deno.copyFile(from, to);
  const { mode } = await Deno.stat(from);
  await Deno.chmod(to, (mode ?? 0) & 0o100 ? 0o755 : 0o644);
}

async function write(path: string, text: string, mode = 0o644): Promise<void> {
  await Deno.mkdir(dirname(path), { recursive: true });
  await Deno.writeTextFile(path, text);
  await Deno.chmod(path, mode);
}

/** Gives everything in a folder, and the folder, one time; folders 0755 whatever the umask is. */
async function settle(folder: string, epoch: number): Promise<void> {
  for await (const { name, isDirectory, isFile } of Deno.readDir(folder)) {
    const path = join(folder, name);
    if (isDirectory) await settle(path, epoch);
    else if (isFile) await Deno.utime(path, epoch, epoch);
  }
  await Deno.chmod(folder, 0o755);
  await Deno.utime(folder, epoch, epoch);
}

async function filesIn(folder: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory, isFile } of Deno.readDir(folder)) {
    const path = join(folder, name);
    if (isDirectory) found.push(...await filesIn(path));
    else if (isFile) found.push(path);
  }
  return found.sort();
}

async function sizeOf(folder: string): Promise<number> {
  const sizes = (await filesIn(folder)).map(async (path) => (await Deno.stat(path)).size);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

/** As `md5sum` prints it, the paths without a slash at their start: what `dpkg --verify` reads. */
async function checksums(tree: string): Promise<string> {
  const paths = (await filesIn(tree))
    .filter((path) => !path.startsWith(join(tree, "etc/")) && basename(dirname(path)) !== "DEBIAN");
  return await command("md5sum", paths.map((path) => path.slice(tree.length + 1)), {}, tree);
}
