/**
 * A tiny Llama with random weights as a GGUF file: a real server loads it and answers noise, under
 * a grammar noise in valid JSON. For tests of the protocol where no real model can be had.
 *
 * The format is that of ggml-org/ggml:docs/gguf.md; the tokens are SentencePiece's bytes.
 *
 * @module
 */

const EMBEDDING = 64;
const HEADS = 4;
const FEED_FORWARD = 128;
const LAYERS = 2;
const CONTEXT = 8192;

const TEMPLATE = "{% for m in messages %}<|{{ m.role }}|>\n{{ m.content }}\n{% endfor %}" +
  "{% if add_generation_prompt %}<|assistant|>\n{% endif %}";
const WORDS = ["\u2581", "\u2581the", "restart", "notify", "service", "container", "node"];

/** Number of a value's type in GGUF. */
const TYPE = { uint32: 4, int32: 5, float32: 6, string: 8, array: 9 } as const;
const ALIGNMENT = 32;

/** Bytes that are appended to, little-endian. */
function byteWriter() {
  const parts: Uint8Array[] = [];
  let length = 0;
  const bytes = (part: Uint8Array) => {
    parts.push(part);
    length += part.length;
  };
  const fixed = (size: number, set: (view: DataView) => void) => {
    const part = new Uint8Array(size);
    set(new DataView(part.buffer));
    bytes(part);
  };
  const writer = {
    bytes,
    uint32: (value: number) => fixed(4, (view) => view.setUint32(0, value, true)),
    int32: (value: number) => fixed(4, (view) => view.setInt32(0, value, true)),
    float32: (value: number) => fixed(4, (view) => view.setFloat32(0, value, true)),
    uint64: (value: number) => fixed(8, (view) => view.setBigUint64(0, BigInt(value), true)),
    string(value: string) {
      const text = new TextEncoder().encode(value);
      writer.uint64(text.length);
      bytes(text);
    },
    align: () => bytes(new Uint8Array((ALIGNMENT - length % ALIGNMENT) % ALIGNMENT)),
    get length() {
      return length;
    },
    whole: () => new Uint8Array(parts.flatMap((part) => [...part])),
  };
  return writer;
}

type Kind = "uint32" | "int32" | "float32" | "string";
type Entry = readonly [
  key: string,
  kind: Kind,
  value: number | string | readonly (number | string)[],
];

/** Uniform numbers from 0 to 1, the same for a seed on every machine (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

function metadata(): Entry[] {
  const byteTokens = Array.from(
    { length: 256 },
    (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`,
  );
  const tokens = ["<unk>", "<s>", "</s>", ...byteTokens, ...WORDS];
  return [
    ["general.architecture", "string", "llama"],
    ["general.name", "string", "tiny-random"],
    ["llama.context_length", "uint32", CONTEXT],
    ["llama.embedding_length", "uint32", EMBEDDING],
    ["llama.block_count", "uint32", LAYERS],
    ["llama.feed_forward_length", "uint32", FEED_FORWARD],
    ["llama.attention.head_count", "uint32", HEADS],
    ["llama.attention.head_count_kv", "uint32", HEADS],
    ["llama.attention.layer_norm_rms_epsilon", "float32", 1e-5],
    ["llama.rope.dimension_count", "uint32", EMBEDDING / HEADS],
    ["llama.vocab_size", "uint32", tokens.length],
    ["tokenizer.ggml.model", "string", "llama"],
    ["tokenizer.ggml.tokens", "string", tokens],
    ["tokenizer.ggml.scores", "float32", tokens.map((_, index) => Math.min(0, 259 - index))],
    ["tokenizer.ggml.token_type", "int32", tokens.map((_, index) => kindOfToken(index))],
    ["tokenizer.ggml.bos_token_id", "uint32", 1],
    ["tokenizer.ggml.eos_token_id", "uint32", 2],
    ["tokenizer.ggml.unknown_token_id", "uint32", 0],
    ["tokenizer.chat_template", "string", TEMPLATE],
  ];
}

/** Unknown, control, byte or normal, as llama.cpp numbers them. */
function kindOfToken(index: number): number {
  return index === 0 ? 2 : index < 3 ? 3 : index < 259 ? 6 : 1;
}

function tensors(): [name: string, shape: readonly number[]][] {
  const vocabulary = 259 + WORDS.length;
  const layers = Array.from({ length: LAYERS }, (_, layer) => `blk.${layer}.`);
  return [
    ["token_embd.weight", [EMBEDDING, vocabulary]],
    ["output_norm.weight", [EMBEDDING]],
    ["output.weight", [EMBEDDING, vocabulary]],
    ...layers.flatMap((block): [string, readonly number[]][] => [
      [`${block}attn_norm.weight`, [EMBEDDING]],
      ...["q", "k", "v", "output"].map((name): [string, readonly number[]] => [
        `${block}attn_${name}.weight`,
        [EMBEDDING, EMBEDDING],
      ]),
      [`${block}ffn_norm.weight`, [EMBEDDING]],
      [`${block}ffn_gate.weight`, [EMBEDDING, FEED_FORWARD]],
      [`${block}ffn_up.weight`, [EMBEDDING, FEED_FORWARD]],
      [`${block}ffn_down.weight`, [FEED_FORWARD, EMBEDDING]],
    ]),
  ];
}

/** The file; half a megabyte. */
export function tinyGguf(seed: number): Uint8Array {
  const random = randomNumbers(seed);
  const gauss = () =>
    Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()) * 0.2;
  const entries = metadata();
  const shapes = tensors();
  const head = byteWriter();
  head.bytes(new TextEncoder().encode("GGUF"));
  head.uint32(3);
  head.uint64(shapes.length);
  head.uint64(entries.length);
  const write = (kind: Kind, value: number | string) =>
    kind === "string" ? head.string(String(value)) : head[kind](Number(value));
  for (const [key, kind, value] of entries) {
    head.string(key);
    if (typeof value !== "object") {
      head.uint32(TYPE[kind]);
      write(kind, value);
      continue;
    }
    head.uint32(TYPE.array);
    head.uint32(TYPE[kind]);
    head.uint64(value.length);
    for (const each of value) write(kind, each);
  }
  const sizes = shapes.map(([, shape]) => shape.reduce((size, length) => size * length, 1));
  let offset = 0;
  for (const [index, [name, shape]] of shapes.entries()) {
    head.string(name);
    head.uint32(shape.length);
    for (const length of shape) head.uint64(length);
    head.uint32(0); // 32-bit floats
    head.uint64(offset);
    offset += Math.ceil((sizes[index] ?? 0) * 4 / ALIGNMENT) * ALIGNMENT;
  }
  head.align();
  const data = new Uint8Array(offset);
  const view = new DataView(data.buffer);
  let at = 0;
  for (const [index, [name]] of shapes.entries()) {
    const start = at;
    for (let n = 0; n < (sizes[index] ?? 0); n++, at += 4) {
      view.setFloat32(at, name.endsWith("norm.weight") ? 1 : gauss(), true);
    }
    at = start + Math.ceil((at - start) / ALIGNMENT) * ALIGNMENT;
  }
  const beginning = head.whole();
  const file = new Uint8Array(beginning.length + data.length);
  file.set(beginning);
  file.set(data, beginning.length);
  return file;
}
