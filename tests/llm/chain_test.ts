import assert from "node:assert/strict";
import fc from "fast-check";
import { ChainSyntaxError, parseChain, parseOllamaHost } from "../../lib/llm/chain.ts";

const HOST = "http://100.108.208.3:11434";

const HOSTS: Readonly<Record<string, string>> = {
  "piha": "http://piha:11434",
  "piha:80": "http://piha:80",
  "piha:65535": "http://piha:65535",
  ":1234": "http://127.0.0.1:1234",
  "127.0.0.1": "http://127.0.0.1:11434",
  "http://piha": "http://piha:80",
  "https://gpu.lan": "https://gpu.lan:443",
  "HTTPS://GPU.lan": "https://gpu.lan:443",
  "http://piha:11434/": "http://piha:11434",
  "http://piha:11434///": "http://piha:11434",
  "piha/": "http://piha:11434",
  "::1": "http://[::1]:11434",
  "[::1]": "http://[::1]:11434",
  "[::1]:8080": "http://[::1]:8080",
  "http://[FD00::1]:8080/": "http://[fd00::1]:8080",
  "fd00::8080": "http://[fd00::8080]:11434",
  "  piha  ": "http://piha:11434",
  '"http://piha:11434"': "http://piha:11434",
  "my_host": "http://my_host:11434",
};

for (const [text, expected] of Object.entries(HOSTS)) {
  Deno.test(`parseOllamaHost: ${JSON.stringify(text)}`, () => {
    assert.equal(parseOllamaHost(text), expected);
  });
}

Deno.test("parseOllamaHost: refuses what is no address", () => {
  const wrong = ["", " ", "http://", "://x", "ftp://piha", "unix:///run/x", "http://http://piha"];
  const badPorts = ["piha:0", "piha:65536", "piha:", "piha:x", "[::1]:0", "piha:-1", "piha:1e3"];
  const badNames = [
    "pi ha",
    "pi\nha",
    "a\\b",
    "[::1",
    "::1]",
    "[piha]",
    "1.2.3.999",
    "fe80::1%eth0",
  ];
  const more = [
    "piha/api",
    "http://piha/api/chat",
    "piha?x",
    "piha#x",
    "http://piha:1/?a=b",
    "é\0",
  ];
  for (const text of [...wrong, ...badPorts, ...badNames, ...more]) {
    assert.throws(() => parseOllamaHost(text), ChainSyntaxError, text);
  }
});

Deno.test("parseOllamaHost: refuses a user, and does not repeat the password", () => {
  for (
    const text of ["http://u:s3cret@piha:1", "u:s3cret@piha", "http://u:s3@cret@piha", "s3cret@x"]
  ) {
    assert.throws(() => parseOllamaHost(text), (error) => {
      assert.ok(error instanceof ChainSyntaxError);
      assert.match(error.message, /no user and no password/);
      assert.ok(!/s3|cret/.test(error.message + error.piece), error.message);
      return true;
    });
  }
});

Deno.test("parseOllamaHost: any text gives an address that it takes itself, or a typed error", () => {
  const pieces = fc.constantFrom(...'ab1.:/[]@ %?#\\"', "http://", "https://", "::1", ":80", "é");
  fc.assert(fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
    let host: string;
    try {
      host = parseOllamaHost(parts.join(""));
    } catch (error) {
      assert.ok(error instanceof ChainSyntaxError);
      return;
    }
    assert.match(host, /^https?:\/\/[^/]+:\d+$/);
    assert.equal(parseOllamaHost(host), host);
  }));
});

Deno.test("parseChain: a model alone is asked at the default host", () => {
  assert.deepEqual(parseChain("qwen2.5:7b", "piha"), [
    { kind: "ollama", name: "qwen2.5:7b", model: "qwen2.5:7b", host: "http://piha:11434" },
  ]);
});

Deno.test("parseChain: links in order, with hosts in every form", () => {
  const text =
    " qwen2.5:7b , hf.co/bartowski/x:Q4_K_M@http://gpu/ ,a@b:1,c@[::1]:2,d@https://e, rules ";
  assert.deepEqual(parseChain(text, HOST), [
    { kind: "ollama", name: "qwen2.5:7b", model: "qwen2.5:7b", host: HOST },
    {
      kind: "ollama",
      name: "hf.co/bartowski/x:Q4_K_M@http://gpu/",
      model: "hf.co/bartowski/x:Q4_K_M",
      host: "http://gpu:80",
    },
    { kind: "ollama", name: "a@b:1", model: "a", host: "http://b:1" },
    { kind: "ollama", name: "c@[::1]:2", model: "c", host: "http://[::1]:2" },
    { kind: "ollama", name: "d@https://e", model: "d", host: "https://e:443" },
    { kind: "rules", name: "rules" },
  ]);
});

Deno.test("parseChain: a model's name has 200 characters at most", () => {
  const longest = "m".repeat(200);
  assert.deepEqual(parseChain(longest, HOST), [
    { kind: "ollama", name: longest, model: longest, host: HOST },
  ]);
  assert.throws(() => parseChain(`${longest}m`, HOST), ChainSyntaxError);
});

Deno.test("parseChain: rules alone, in any letter case", () => {
  assert.deepEqual(parseChain("Rules", HOST), [{ kind: "rules", name: "rules" }]);
});

const WRONG: Readonly<Record<string, [text: string, piece: string]>> = {
  "nothing": ["", ""],
  "an empty link": ["a,,b", ""],
  "a comma at the end": ["a,", ""],
  "links behind rules": ["rules,qwen2.5:7b", "qwen2.5:7b"],
  "rules twice": ["rules,rules", "rules"],
  "rules with a host": ["rules@piha", "rules@piha"],
  "a host without a model": ["@piha", "@piha"],
  "a model with blanks": ["qwen 2.5", "qwen 2.5"],
  "a model with a query": ["qwen?x=1", "qwen?x=1"],
  "a model that is an option": ["-rf", "-rf"],
  "an empty host": ["a@", ""],
  "a wrong port": ["a@piha:99999", "piha:99999"],
  "a password": ["a@http://u:s3cret@piha:1", "***@piha:1"],
  "a password behind a wrong model": ["a b@http://u:s3cret@piha:1", "a b@***@piha:1"],
  "the same link twice": ["a,b,a@http://100.108.208.3:11434/", "a@http://100.108.208.3:11434/"],
};

for (const [what, [text, piece]] of Object.entries(WRONG)) {
  Deno.test(`parseChain: refuses ${what}`, () => {
    assert.throws(() => parseChain(text, HOST), (error) => {
      assert.ok(error instanceof ChainSyntaxError);
      assert.equal(error.piece, piece);
      return true;
    });
  });
}

const OPENAI: Readonly<Record<string, [model: string, host: string]>> = {
  "openai/qwen2.5-7b@http://solaria:8080": ["qwen2.5-7b", "http://solaria:8080"],
  "openai/qwen2.5-7b@http://solaria:8080/v1": ["qwen2.5-7b", "http://solaria:8080"],
  "openai/qwen2.5-7b@http://solaria:8080/v1/": ["qwen2.5-7b", "http://solaria:8080"],
  "openai/Qwen/Qwen2.5-7B-Instruct@solaria:8000": [
    "Qwen/Qwen2.5-7B-Instruct",
    "http://solaria:8000",
  ],
  "openai/qwen@q4_k_m@https://gpu": ["qwen@q4_k_m", "https://gpu:443"],
  "openai/m@[fd00::1]:8080/v1": ["m", "http://[fd00::1]:8080"],
};

for (const [text, [model, host]] of Object.entries(OPENAI)) {
  Deno.test(`parseChain: ${text} is a server of OpenAI's API`, () => {
    assert.deepEqual(parseChain(text, "http://piha:11434"), [
      { kind: "openai", name: text, model, host },
    ]);
  });
}

Deno.test("parseChain: a link of OpenAI's API needs a server, and shows no password", () => {
  for (
    const text of [
      "openai/m",
      "openai/m@",
      "openai/@http://solaria:8080",
      "openai/m@http://solaria:8080/api",
      "openai/m@http://user:hunter2@solaria:8080",
      "openai/m@ftp://solaria",
    ]
  ) {
    assert.throws(() => parseChain(text, "http://piha:11434"), (error) => {
      assert.ok(error instanceof ChainSyntaxError, text);
      assert.doesNotMatch(error.message, /hunter2/);
      return true;
    });
  }
});

Deno.test("parseChain: one model on one host by two APIs is two links", () => {
  assert.equal(parseChain("m@http://a:1,openai/m@http://a:1", "http://piha:11434").length, 2);
  assert.throws(() => parseChain("openai/m@http://a:1,openai/m@a:1/v1", "http://piha:11434"));
});
