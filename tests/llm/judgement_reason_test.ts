import assert from "node:assert/strict";
import { judge } from "../../lib/llm/judgement.ts";

const judged = (reason: string) =>
  judge(
    JSON.stringify({ reason, action: "restart", confidence: 0.9, requires_human: false }),
    { node: "piha", service: "mosquitto" },
  );

const NOTHING = [
  " ".repeat(12),
  "\t\n".repeat(10),
  "..............",
  "--- --- --- ---",
  "………………………………",
  "?!?!?!?!?!?!",
  "n/a n/a n/a n/a",
  "N/A..........",
  "ｕｎｋｎｏｗｎ ｒｅａｓｏｎ",
  "none none none",
  "None. None. None.",
  "not available",
  "no reason given",
  "unknown unknown",
  "undefined null",
  "aaaaaaaaaaaaaaa",
  "0000000000000",
  "abcabcabcabcabc",
  "\u200b".repeat(20),
  "\u2800".repeat(20),
  "\u3164\u115f\uffa0".repeat(6),
  "\u00a0\u2003\u3000".repeat(5),
  "dead        ",
  "dead\u200b\u200b\u200b\u200b\u200b\u200b\u200b",
  "short reason here",
  "your reason here",
  "无无无无无无无无无无无",
  "🤷🤷🤷🤷🤷🤷🤷🤷🤷🤷🤷🤷",
];
const SOMETHING = [
  "OOM killed",
  "exit 137, killed",
  "no route to the host",
  "the reason is not known, a person must look",
  "容器被杀死，重启即可恢复服务",
  "メモリ不足で強制終了された",
  "контейнер убит",
  "restart it now",
  "abcdabcdabcd",
];

for (const reason of NOTHING) {
  Deno.test(`judge: ${JSON.stringify(reason)} says nothing`, () => {
    const judgement = judged(reason);
    assert.ok(!judgement.ok);
    assert.match(judgement.error, /^reason must say why in at least 10 characters, not "/);
  });
}

for (const reason of SOMETHING) {
  Deno.test(`judge: ${JSON.stringify(reason)} says something`, () => {
    assert.equal(judged(reason).ok, true);
  });
}
