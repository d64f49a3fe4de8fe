import { asciiJson } from "../../base/json.ts";
import { examine } from "./doctor.ts";
import { type Finding, worst } from "../../observe/health.ts";
import { VERSION } from "../../base/version.ts";
import type { Command } from "../command.ts";
import { findingLines } from "../view/findings.ts";
import { EXIT, type Io } from "../io.ts";
import { paletteFor } from "../view/palette.ts";

export const check: Command = {
  name: "check",
  summary: "test settings, folders, Redis and models, and say what to do",
  synopsis: "[--no-llm] [--strict] [--json]",
  help: `Looks at the settings and the files in config/, at this program's permissions,
at the folders (it writes a small file into each of the three that the agent
writes to), at Redis, at every Ollama of LLM_CHAIN and at the clock. It asks
each model for a diagnosis of a harmless event, with the deadlines of 'run'.
Nothing is proposed. It can run while the agent does.

  --no-llm   do not ask the models
  --strict   warnings count: the exit status is 1 when there are some
  --json     print the findings as JSON

The exit status is 0 when nothing failed, 2 when something did.`,
  options: {
    "no-llm": { type: "boolean" },
    strict: { type: "boolean" },
    json: { type: "boolean" },
  },
  async run(io, values) {
    const json = values.json === true;
    const findings: Finding[] = [];
    const stopping = new AbortController();
    const release = io.onSignal(() => stopping.abort());
    const draw = json ? () => {} : drawing(io);
    const parts = examine({
      env: io.env,
      noLlm: values["no-llm"] === true,
      onAsking(name, { firstTokenSeconds, timeoutSeconds }) {
        const toBegin = Math.min(firstTokenSeconds, timeoutSeconds);
        io.err(
          `planner-agent: asking ${name}: an answer may take ${toBegin} s to begin (a model that ` +
            `is not loaded takes minutes) and ${timeoutSeconds} s in all\n`,
        );
      },
      signal: stopping.signal,
    });
    for await (const part of parts) {
      findings.push(...part);
      draw(part);
    }
    release();
    const result = worst(findings);
    if (json) io.out(`${asciiJson({ result, version: VERSION, findings }, 2)}\n`);
    else io.out(`\n${summary(findings)}\n`);
    // For monitoring, a failure is worse than a warning.
    return result === "failure" ? 2 : result === "warning" && values.strict === true ? 1 : EXIT.ok;
  },
};

/** Prints findings as they come; columns never get narrower. */
function drawing(io: Io): (part: readonly Finding[]) => void {
  const options = { width: io.width, palette: paletteFor(io) };
  let widest = 0;
  return (part) => {
    widest = Math.max(widest, ...part.map(({ subject }) => subject.length));
    const padded = part.map((each) => ({ ...each, subject: each.subject.padEnd(widest) }));
    for (const line of findingLines(padded, options)) io.out(`${line}\n`);
  };
}

function summary(findings: readonly Finding[]): string {
  const count = (level: Finding["level"]) => findings.filter((f) => f.level === level).length;
  const plural = (level: "warning" | "failure") =>
    `${count(level)} ${level}${count(level) === 1 ? "" : "s"}`;
  const skipped = count("skipped") > 0 ? `, ${count("skipped")} skipped` : "";
  return `${count("ok")} ok, ${plural("warning")}, ${plural("failure")}${skipped}`;
}
