/**
 * The files beside the binaries: a manifest each, and the checksums of all.
 *
 * @module
 */
import { join } from "node:path/posix";
import type { Build } from "../../lib/permissions/grants.ts";
import { V8_FLAGS } from "./command.ts";
import { type Arch, TARGETS } from "./options.ts";

/** Lower-case hexadecimal SHA-256. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

/** The manifest of one binary: where it came from and what it may do. */
export function manifest(build: Build, binary: { bytes: number; sha256: string }): string {
  const { site, ...rest } = build;
  const manifest = {
    ...rest,
    redis_url: site.redisUrl,
    ollama_hosts: site.ollamaHosts,
    runtime_path: site.runtimePath,
    ...(site.collector !== undefined && { otel_endpoint: site.collector }),
    v8_flags: V8_FLAGS,
    ...binary,
  };
  return JSON.stringify(manifest, null, 2) + "\n";
}

/**
 * Writes SHA256SUMS over every binary and manifest in `out`, in the form `sha256sum -c` reads. A
 * build of one architecture keeps the other's lines right.
 */
export async function writeChecksums(out: string): Promise<void> {
  const lines: string[] = [];
  for (const arch of Object.keys(TARGETS) as Arch[]) {
    for (const name of [`planner-agent-${arch}`, `planner-agent-${arch}.json`]) {
      const bytes = await Deno.readFile(join(out, name)).catch((error: unknown) => {
        if (error instanceof Deno.errors.NotFound) return null;
        throw error;
      });
      if (bytes !== null) lines.push(`${await sha256(bytes)}  ${name}\n`);
    }
  }
  await Deno.writeTextFile(join(out, "SHA256SUMS"), lines.join(""));
}
