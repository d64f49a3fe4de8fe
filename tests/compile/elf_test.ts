import assert from "node:assert/strict";
import fc from "fast-check";
import { ElfError, pageProblems, parseElf, type Segment } from "../../scripts/compile/elf.ts";

const AARCH64 = 183;
const PT_LOAD = 1;
const PT_NOTE = 4;

interface ProgramHeader {
  readonly type?: number;
  readonly offset: number;
  readonly address: number;
  readonly size: number;
  readonly align: number;
}

/** An ELF-64 header and its program headers, nothing behind them. */
function elf(headers: readonly ProgramHeader[], change: Partial<Record<number, number>> = {}) {
  const bytes = new Uint8Array(64 + headers.length * 56);
  const view = new DataView(bytes.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setUint16(16, 3, true);
  view.setUint16(18, AARCH64, true);
  view.setBigUint64(32, 64n, true);
  view.setUint16(54, 56, true);
  view.setUint16(56, headers.length, true);
  for (const [index, header] of headers.entries()) {
    const at = 64 + index * 56;
    view.setUint32(at, header.type ?? PT_LOAD, true);
    view.setBigUint64(at + 8, BigInt(header.offset), true);
    view.setBigUint64(at + 16, BigInt(header.address), true);
    view.setBigUint64(at + 32, BigInt(header.size), true);
    view.setBigUint64(at + 40, BigInt(header.size), true);
    view.setBigUint64(at + 48, BigInt(header.align), true);
  }
  for (const [at, value] of Object.entries(change)) bytes[Number(at)] = value ?? 0;
  return bytes;
}

/** The layout of an arm64 program that a Raspberry Pi 5 loads. */
const GOOD: readonly ProgramHeader[] = [
  { type: PT_NOTE, offset: 0x2fc, address: 0x2fc, size: 0x44, align: 4 },
  { offset: 0, address: 0, size: 0x6f7b78, align: 0x10000 },
  { offset: 0x700000, address: 0x710000, size: 0x135200, align: 0x10000 },
  { offset: 0x835200, address: 0x855200, size: 0x6e00, align: 0x10000 },
];

function refuses(bytes: Uint8Array, message: RegExp) {
  assert.throws(() => parseElf(bytes), (error) => {
    assert(error instanceof ElfError);
    assert.match(error.message, message);
    return true;
  });
}

Deno.test("parseElf: reads the machine and the loadable segments", () => {
  assert.deepEqual(parseElf(elf(GOOD.slice(0, 2))), {
    machine: "aarch64",
    segments: [{ offset: 0n, address: 0n, memorySize: 0x6f7b78n, align: 0x10000n }],
  });
  assert.equal(parseElf(elf(GOOD, { 18: 62 })).machine, "x86_64");
  assert.equal(parseElf(elf(GOOD, { 18: 8 })).machine, "machine 8");
});

Deno.test("parseElf: reads a view that does not begin at its buffer's start", () => {
  const whole = new Uint8Array(1000);
  whole.set(elf(GOOD), 100);
  assert.equal(parseElf(whole.subarray(100)).segments.length, 3);
});

Deno.test("parseElf: says what is wrong with other files", () => {
  refuses(new TextEncoder().encode("#!/bin/sh\n"), /not an ELF file/);
  refuses(new Uint8Array(), /not an ELF file/);
  refuses(elf(GOOD, { 4: 1 }), /not a 64-bit ELF file: class 1/);
  refuses(elf(GOOD, { 5: 2 }), /not a little-endian ELF file: data encoding 2/);
  refuses(elf([]), /no program headers/);
  refuses(elf(GOOD, { 54: 32 }), /program headers of 32 bytes/);
});

Deno.test("parseElf: says where a file is cut off", () => {
  refuses(elf(GOOD).subarray(0, 20), /truncated: 20 bytes, an ELF-64 header takes 64/);
  refuses(elf(GOOD).subarray(0, 287), /truncated: 287 bytes, the program headers end at byte 288/);
  refuses(elf(GOOD, { 39: 0xff }), /truncated: 288 bytes/);
});

Deno.test("parseElf: whatever the bytes, reads them or throws ElfError", () => {
  const header = fc.uint8Array({ minLength: 0, maxLength: 200 }).map((tail) =>
    new Uint8Array([0x7f, 0x45, 0x4c, 0x46, 2, 1, ...tail])
  );
  fc.assert(fc.property(header, (bytes) => {
    try {
      pageProblems(parseElf(bytes));
    } catch (error) {
      assert(error instanceof ElfError);
    }
  }));
});

const problems = (headers: readonly ProgramHeader[], page?: number) =>
  pageProblems(parseElf(elf(headers)), page);

Deno.test("pageProblems: finds nothing in a program that 16 KB pages can hold", () => {
  assert.deepEqual(problems(GOOD), []);
});

Deno.test("pageProblems: a segment aligned to 4 KB, as Deno 2.9 appends one", () => {
  const appended = { offset: 0x1000000, address: 0x2000000, size: 0x500, align: 0x1000 };
  assert.deepEqual(problems([...GOOD, appended]), [
    "PT_LOAD segment 4 at 0x2000000 is aligned to 4096 bytes, less than a page of 16384",
  ]);
  assert.deepEqual(problems([...GOOD, appended], 4096), []);
});

Deno.test("pageProblems: two segments in one page", () => {
  const text = { offset: 0, address: 0, size: 0x6f4b78, align: 0x10000 };
  const data = { offset: 0x6f6000, address: 0x6f6000, size: 0x100, align: 0x10000 };
  assert.deepEqual(problems([text, data]), [
    "PT_LOAD segments 1 and 2 share the 16384-byte page at 0x6f4000: " +
    "they cannot have protections of their own",
  ]);
  assert.deepEqual(problems([text, data], 4096), []);
});

Deno.test("pageProblems: two segments in one page, whatever their order, also inside a third", () => {
  const inner = { offset: 0x4000, address: 0x4000, size: 0x10, align: 0x10000 };
  const inner2 = { offset: 0x8000, address: 0x8000, size: 0x10, align: 0x10000 };
  const outer = { offset: 0, address: 0, size: 0x20000, align: 0x10000 };
  assert.equal(problems([inner2, inner, outer]).length, 2);
});

Deno.test("pageProblems: an empty segment takes no page", () => {
  assert.deepEqual(problems([...GOOD, { offset: 0, address: 0, size: 0, align: 0x10000 }]), []);
});

Deno.test("pageProblems: file offset and address at different places in their page", () => {
  const segment = { offset: 0x1000, address: 0x2000, size: 0x10, align: 0x10000 };
  assert.match(problems([segment]).join(), /lies at file offset 0x1000: another place in its page/);
});

Deno.test("pageProblems: a file with nothing to load", () => {
  assert.equal(problems([{ type: PT_NOTE, offset: 0, address: 0, size: 4, align: 4 }]).length, 1);
});

Deno.test("pageProblems: agrees with a page table filled segment by segment", () => {
  const segment = fc.record({
    address: fc.integer({ min: 0, max: 20 }).map((n) => BigInt(n * 4096)),
    memorySize: fc.integer({ min: 1, max: 5 }).map((n) => BigInt(n * 4096)),
  }).map(({ address, memorySize }): Segment => ({
    address,
    memorySize,
    offset: address,
    align: 16_384n,
  }));
  fc.assert(fc.property(fc.array(segment, { minLength: 1, maxLength: 5 }), (segments) => {
    const owners = new Map<bigint, number>();
    let shared = false;
    for (const [index, { address, memorySize }] of segments.entries()) {
      for (let page = address / 16_384n; page * 16_384n < address + memorySize; page++) {
        shared ||= owners.has(page);
        owners.set(page, index);
      }
    }
    assert.equal(pageProblems({ machine: "aarch64", segments }).length > 0, shared);
  }));
});
