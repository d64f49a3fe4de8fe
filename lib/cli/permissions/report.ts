/**
 * What this program may do, as asked of the runtime or proven by trying.
 *
 * @module
 */
import { asciiJson } from "../../base/json.ts";
import type { Clock } from "../../base/clock.ts";
import { ENVIRONMENT_NAMES } from "../../config/environment.ts";
import {
  type Build,
  type Grants,
  grantsFor,
  isGeneric,
  type Site,
} from "../../permissions/grants.ts";
import { type Answer, askPermissions, type Query, VERBS } from "../../permissions/permissions.ts";
import { EXIT } from "../io.ts";
import { type PlantedVerdict, tryPlanted } from "../../permissions/planted.ts";
import { type Act, forbiddenActs, prove, type Verdict } from "../../permissions/prove.ts";

/** What the command works with. */
interface PermissionsParts {
  /** Where the configuration says the agent runs; a build's own record goes before it. */
  readonly site: Site;
  /** This program's build; null from source. */
  readonly build: Build | null;
  readonly clock: Clock;
  /** Writes a line to standard output. */
  readonly print: (line: string) => void;
  readonly query?: Query;
  /** Forbidden acts of a proof; for tests. */
  readonly acts?: readonly Act[];
  /** What became of planted links; for tests. */
  readonly planted?: readonly PlantedVerdict[];
}

const ALL: Readonly<Record<Answer["kind"], string>> = {
  net: "any host",
  read: "any file",
  write: "any file",
  env: "any variable",
  run: "any program",
  ffi: "any library",
  sys: "the system",
  import: "any remote host",
};

/** What each layer prevents. */
const HELD_BY = {
  runtime: "hosts, paths as they are written, variables, programs, libraries",
  program: "links, FIFOs, devices and other folders in the place of its own, before each write",
  unit: "the executor's folders, whatever path leads there: they are mounted read-only",
} as const;

/** Prints rows with their columns aligned; the last column is ragged. */
function printTable(parts: PermissionsParts, rows: readonly (readonly string[])[]): void {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? "").length))
  );
  for (const row of rows) {
    parts.print(row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ").trimEnd());
  }
}

function titleLines(build: Build | null): string[] {
  if (build === null) return ["planner-agent from source, with the permissions of this run"];
  const { version, commit, target, deno, site } = build;
  return [
    `planner-agent ${version} (${commit}) for ${target}, Deno ${deno}`,
    isGeneric(site)
      ? "a generic build: /etc/hosts or DNS says where its two names are; used where nothing is set:"
      : "a build for one site; used where nothing is set:",
    `  REDIS_URL     ${site.redisUrl}`,
    ...site.ollamaHosts.map((host, i) => `  ${i === 0 ? "OLLAMA_HOST " : "LLM_CHAIN   "}  ${host}`),
    `  RUNTIME_PATH  ${site.runtimePath}`,
  ];
}

function answerRow({ kind, subject, granted }: Answer): string[] {
  return [granted ? "may" : "may not", VERBS[kind], subject ?? ALL[kind]];
}

function proofRow({ act, stoppedBy, detail }: Verdict): string[] {
  // Deno's advice on flags follows the first comma; it is the same in every row.
  const [answer = ""] = detail.split(", specify ");
  return [act, stoppedBy, answer];
}

async function runProof(parts: PermissionsParts, asJson: boolean): Promise<number> {
  const siteTried = parts.build?.site ?? parts.site;
  const verdicts = await prove(parts.acts ?? forbiddenActs(siteTried, parts.clock));
  const passed = verdicts.filter((verdict) => verdict.stoppedBy !== "runtime");
  const planted = parts.planted ?? (parts.acts ? [] : await tryPlanted(siteTried));
  const proven = passed.length === 0 && !planted.some(({ stoppedBy }) => stoppedBy === "nothing");
  if (asJson) {
    parts.print(asciiJson({ proven, acts: verdicts, planted, held_by: HELD_BY }, 2));
  } else {
    printTable(parts, [["act", "stopped by", "answer"], ...verdicts.map(proofRow)]);
    parts.print("");
    parts.print(
      passed.length === 0
        ? `All ${verdicts.length} acts were stopped by the runtime.`
        : `${passed.length} of ${verdicts.length} acts were let through by the runtime.`,
    );
    if (planted.length > 0) {
      const rows = planted.map(({ path, stoppedBy, detail }) => [path, stoppedBy, detail]);
      parts.print("");
      printTable(parts, [["a link planted at", "stopped by", "answer"], ...rows]);
      parts.print("");
      for (const [by, what] of Object.entries(HELD_BY)) parts.print(`Held by the ${by}: ${what}.`);
    }
  }
  return proven ? EXIT.ok : EXIT.failure;
}

async function runQuestions(parts: PermissionsParts, asJson: boolean): Promise<number> {
  const site = parts.build?.site ?? parts.site;
  const grants: Grants = parts.build?.grants ?? grantsFor(site, ENVIRONMENT_NAMES);
  const answers = await askPermissions(site, { grants, ...parts.query && { query: parts.query } });
  if (asJson) {
    const generic = parts.build && isGeneric(parts.build.site);
    parts.print(asciiJson({ build: parts.build, generic, permissions: answers }, 2));
  } else {
    titleLines(parts.build).forEach(parts.print);
    printTable(parts, answers.map(answerRow));
  }
  return EXIT.ok;
}

/**
 * Prints what this program may do, or with `prove` tries every forbidden act.
 *
 * @returns the exit status: 1 where the runtime let a forbidden act through.
 * @throws SiteError where the configuration names a site that no program can be built for.
 */
export async function showPermissions(
  { json, prove }: { readonly json: boolean; readonly prove: boolean },
  parts: PermissionsParts,
): Promise<number> {
  return await (prove ? runProof : runQuestions)(parts, json);
}
