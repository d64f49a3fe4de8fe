import { asciiJson } from "../../base/json.ts";
import type { Clock } from "../../base/clock.ts";
import { ENVIRONMENT_NAMES } from "../../config/environment.ts";
import { type Build, grantsFor, isGeneric, type Site } from "../../permissions/grants.ts";
import { askPermissions, KINDS, type Query } from "../../permissions/permissions.ts";
import {
  type Act,
  forbiddenActs,
  type PlantedVerdict,
  prove,
  tryPlanted,
} from "../../permissions/prove.ts";
import { EXIT } from "../io.ts";

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
}

/** What each layer prevents. */
const HELD_BY = {
  runtime: "hosts, paths as they are written, variables, programs, libraries",
  program: "links, FIFOs, devices and other folders in the place of its own, before each write",
  unit: "the executor's folders, whatever path leads there: they are mounted read-only",
} as const;

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

async function runProof(parts: PermissionsParts, asJson: boolean): Promise<number> {
  const { print } = parts;
  const site = parts.build?.site ?? parts.site;
  const acts = await prove(parts.acts ?? forbiddenActs(site, parts.clock));
  const passed = acts.filter(({ stoppedBy }) => stoppedBy !== "runtime").length;
  const planted: readonly PlantedVerdict[] = parts.acts ? [] : await tryPlanted(site);
  const proven = passed === 0 && !planted.some(({ stoppedBy }) => stoppedBy === "nothing");
  const status = proven ? EXIT.ok : EXIT.failure;
  if (asJson) {
    print(asciiJson({ proven, acts, planted, held_by: HELD_BY }, 2));
    return status;
  }
  // Deno's advice on flags follows the first comma; it is the same in every row.
  const rows = acts.map((one) => [one.act, one.stoppedBy, one.detail.replace(/, specify .*/s, "")]);
  tableOf([["act", "stopped by", "answer"], ...rows]).forEach(print);
  print("");
  print(
    passed === 0
      ? `All ${acts.length} acts were stopped by the runtime.`
      : `${passed} of ${acts.length} acts were let through by the runtime.`,
  );
  if (planted.length === 0) return status;
  const links = planted.map(({ path, stoppedBy, detail }) => [path, stoppedBy, detail]);
  print("");
  tableOf([["a link planted at", "stopped by", "answer"], ...links]).forEach(print);
  print("");
  for (const [by, what] of Object.entries(HELD_BY)) print(`Held by the ${by}: ${what}.`);
  return status;
}

async function runQuestions(
  { site, build, query, print }: PermissionsParts,
  asJson: boolean,
): Promise<number> {
  const grants = build?.grants ?? grantsFor(site, ENVIRONMENT_NAMES);
  const answers = await askPermissions(build?.site ?? site, { grants, ...query && { query } });
  if (asJson) {
    const generic = build && isGeneric(build.site);
    print(asciiJson({ build, generic, permissions: answers }, 2));
    return EXIT.ok;
  }
  titleLines(build).forEach(print);
  const rows = answers.map(({ kind, subject, granted }) => [
    granted ? "may" : "may not",
    KINDS[kind].verb,
    subject ?? KINDS[kind].all,
  ]);
  tableOf(rows).forEach(print);
  return EXIT.ok;
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

/** Rows with their columns aligned, as wide as they are; the last column is ragged. */
function tableOf(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? "").length))
  );
  return rows.map((row) =>
    row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ").trimEnd()
  );
}
