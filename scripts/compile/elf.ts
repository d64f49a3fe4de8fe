/**
 * Checks that a Linux executable can be loaded by a kernel with 16 KB pages, the Raspberry Pi 5's
 * default. The loader maps each PT_LOAD segment page by page: one aligned to less than a page, or
 * two that share one, cannot be mapped with their own protection (denoland/deno#36282).
 * Field names and offsets follow the ELF-64 object file format.
 *
 * @module
 */

/** Page size of the largest kernel that the binaries are to run on, in bytes. */
export const PAGE_BYTES = 16_384;

const PT_LOAD = 1;
const HEADER_BYTES = 64;
const PROGRAM_HEADER_BYTES = 56;
const MACHINES: Readonly<Record<number, string>> = { 62: "x86_64", 183: "aarch64" };

/** A loadable segment: where it lies in the file and in memory, in bytes. */
export interface Segment {
  readonly offset: bigint;
  readonly address: bigint;
  readonly memorySize: bigint;
  readonly align: bigint;
}

/** The part of an ELF file that this check needs. */
export interface ElfFile {
  /** `x86_64`, `aarch64` or `machine N`. */
  readonly machine: string;
  /** PT_LOAD segments in file order. */
  readonly segments: readonly Segment[];
}

/** Not an ELF-64 little-endian file, or cut off; the message says which. */
export class ElfError extends Error {
  override readonly name = "ElfError";
}

/**
 * Reads machine and PT_LOAD segments.
 *
 * @param bytes the file, or at least its first bytes up to the end of the program headers.
 * @throws ElfError
 */
export function parseElf(bytes: Uint8Array): ElfFile {
  if (
    bytes.length < 4 || bytes[0] !== 0x7f || bytes[1] !== 0x45 || bytes[2] !== 0x4c ||
    bytes[3] !== 0x46
  ) {
    throw new ElfError("not an ELF file: it does not begin with 7f 45 4c 46");
  }
  if (bytes.length < HEADER_BYTES) {
    throw new ElfError(`truncated: ${bytes.length} bytes, an ELF-64 header takes ${HEADER_BYTES}`);
  }
  if (bytes[4] !== 2) {
    throw new ElfError(`not a 64-bit ELF file: class ${bytes[4]}, expected 2`);
  }
  if (bytes[5] !== 1) {
    throw new ElfError(`not a little-endian ELF file: data encoding ${bytes[5]}, expected 1`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const machine = view.getUint16(18, true);
  const tableAt = view.getBigUint64(32, true);
  const entryBytes = view.getUint16(54, true);
  const entries = view.getUint16(56, true);
  if (entries === 0) throw new ElfError("no program headers: not an executable");
  if (entryBytes < PROGRAM_HEADER_BYTES) {
    throw new ElfError(
      `program headers of ${entryBytes} bytes, ELF-64 takes ${PROGRAM_HEADER_BYTES}`,
    );
  }
  const tableEnd = tableAt + BigInt(entryBytes) * BigInt(entries);
  if (tableEnd > BigInt(bytes.length)) {
    throw new ElfError(
      `truncated: ${bytes.length} bytes, the program headers end at byte ${tableEnd}`,
    );
  }
  const segments: Segment[] = [];
  for (let entry = 0; entry < entries; entry++) {
    const at = Number(tableAt) + entry * entryBytes;
    if (view.getUint32(at, true) !== PT_LOAD) continue;
    segments.push({
      offset: view.getBigUint64(at + 8, true),
      address: view.getBigUint64(at + 16, true),
      memorySize: view.getBigUint64(at + 40, true),
      align: view.getBigUint64(at + 48, true),
    });
  }
  return { machine: MACHINES[machine] ?? `machine ${machine}`, segments };
}

const hex = (value: bigint) => `0x${value.toString(16)}`;

/** Why a kernel with 16 KB pages could not load the file; empty where it can. */
export function pageProblems(file: ElfFile, pageBytes = PAGE_BYTES): string[] {
  if (file.segments.length === 0) return ["there is no PT_LOAD segment: nothing would be loaded"];
  const page = BigInt(pageBytes);
  const problems: string[] = [];
  for (const [index, segment] of file.segments.entries()) {
    const name = `PT_LOAD segment ${index + 1} at ${hex(segment.address)}`;
    if (segment.align < page) {
      problems.push(
        `${name} is aligned to ${segment.align} bytes, less than a page of ${pageBytes}`,
      );
    }
    if (segment.address % page !== segment.offset % page) {
      problems.push(
        `${name} lies at file offset ${hex(segment.offset)}: another place in its page, ` +
          "so that it cannot be mapped from the file",
      );
    }
  }
  const inMemory = file.segments
    .map((segment, index) => ({ ...segment, number: index + 1 }))
    .filter((segment) => segment.memorySize > 0n)
    .sort((a, b) => a.address < b.address ? -1 : a.address > b.address ? 1 : 0);
  let reaching = inMemory[0];
  for (const later of inMemory.slice(1)) {
    if (reaching === undefined) break;
    const end = reaching.address + reaching.memorySize;
    const firstPage = later.address / page;
    if (firstPage <= (end - 1n) / page) {
      problems.push(
        `PT_LOAD segments ${reaching.number} and ${later.number} share the ${pageBytes}-byte ` +
          `page at ${hex(firstPage * page)}: they cannot have protections of their own`,
      );
    }
    if (later.address + later.memorySize > end) reaching = later;
  }
  return problems;
}
