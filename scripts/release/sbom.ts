/**
 * What a binary is made of, as a CycloneDX 1.5 document: the program, Deno's base binary and the npm
 * packages of deno.lock that the program imports.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { type Lock, packageOf } from "../compile/lock.ts";

export interface SbomParts {
  readonly version: string;
  readonly commit: string;
  /** When the commit was made, in seconds since 1970. */
  readonly epoch: number;
  readonly arch: string;
  readonly deno: string;
  /** Of the base binary that the program was appended to. */
  readonly baseSha256: string;
  /** Of the binary. */
  readonly binarySha256: string;
  readonly lock: Lock;
}

/** The document; the same bytes for the same parts. */
export function sbom(parts: SbomParts): string {
  const { version, commit, epoch, arch, deno, baseSha256, binarySha256, lock } = parts;
  const packages = Object.entries(lock.npm).map(([key, { integrity }]) => {
    const { name, version } = packageOf(key);
    const purl = `pkg:npm/${name.replace("@", "%40")}@${version}`;
    const hashes = /^sha512-/.test(integrity)
      ? [{ alg: "SHA-512", content: Buffer.from(integrity.slice(7), "base64").toString("hex") }]
      : [];
    return { type: "library", "bom-ref": purl, name, version, purl, hashes };
  });
  const denoRef = `pkg:github/denoland/deno@v${deno}`;
  const agentRef = `pkg:generic/planner-agent@${version}?arch=${arch}`;
  const document = {
    bomFormat: "CycloneDX",
    specVersion: "1.5",
    version: 1,
    metadata: {
      timestamp: new Date(epoch * 1000).toISOString(),
      component: {
        type: "application",
        "bom-ref": agentRef,
        name: "planner-agent",
        version,
        purl: agentRef,
        licenses: [{ license: { id: "MIT" } }],
        hashes: [{ alg: "SHA-256", content: binarySha256 }],
        properties: [{ name: "commit", value: commit }, { name: "arch", value: arch }],
      },
    },
    components: [
      {
        type: "platform",
        "bom-ref": denoRef,
        name: "deno",
        version: deno,
        description: "the base binary (denort) that the program is appended to",
        purl: denoRef,
        licenses: [{ license: { id: "MIT" } }],
        hashes: [{ alg: "SHA-256", content: baseSha256 }],
      },
      ...packages.sort((a, b) => a.purl < b.purl ? -1 : 1),
    ],
    dependencies: [
      { ref: agentRef, dependsOn: [denoRef, ...packages.map(({ purl }) => purl)].sort() },
    ],
  };
  const serialNumber = uuidOf(JSON.stringify(document));
  return JSON.stringify({ ...document, serialNumber: `urn:uuid:${serialNumber}` }, null, 2) + "\n";
}

/** A UUID of version 8 made of a text, so that the same build has the same number. */
function uuidOf(text: string): string {
  const hex = createHash("sha256").update(text).digest("hex");
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `a${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join("-");
}
