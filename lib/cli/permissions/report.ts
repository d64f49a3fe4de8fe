import type { Clock } from "../../base/clock.ts";
import { ENVIRONMENT_NAMES } from "../../config/environment.ts";
import { type Build, grantsFor, isGeneric, type Site } from "../../permissions/grants.ts";
import { askPermissions, KINDS, type Query } from "../../permissions/permissions.ts";
import { type Act, forbiddenActs, prove, tryPlanted } from "../../permissions/prove.ts";
import { EXIT } from "../io.ts";
import { tableLines } from "../view/table.ts";

interface PermissionsParts {
  /** Where the configuration says the agent runs; a build's own record goes before it. */
  readonly site: Site;
  /** This program's build; null from source. */
  readonly build: Build | null;
  readonly clock: Clock;
  readonly query?: Query;
  /** Forbidden acts of a proof; for tests. */
  readonly acts?: readonly Act[];
}

/** What each layer prevents. */
const LAYERS = {
  runtime: "hosts, paths as they are written, variables, programs, libraries",
  program: "links, FIFOs, devices and other folders in the place of its own, before each write",
  unit: "the executor's folders, whatever path leads there: they are mounted read-only",
} as const;

/**
 * Tries every forbidden act; the exit status is 1 where the runtime let one through.
 *
 * @throws SiteError where the configuration names a site that no program can be built for.
 */
export async function proofOf({ site: configured, build, clock, acts: given }: PermissionsParts) {
  const site = build?.site ?? configured;
  const acts = await prove(given ?? forbiddenActs(site, clock));
  const planted = given ? [] : await tryPlanted(site);
  const passed = acts.filter(({ stoppedBy }) => stoppedBy !== "runtime").length;
  const proven = passed === 0 && planted.every(({ stoppedBy }) => stoppedBy !== "nothing");
  // Deno's advice on flags follows the first comma; it is the same in every row.
  const withoutAdvice = (detail: string) => detail.replace(/, specify .*/s, "");
  return {
    status: proven ? EXIT.ok : EXIT.failure,
    object: { proven, acts, planted, held_by: LAYERS },
    lines: () => [
      ...tableOf(
        ["act", "stopped by", "answer"],
        acts.map(({ act, stoppedBy, detail }) => [act, stoppedBy, withoutAdvice(detail)]),
      ),
      "",
      passed === 0
        ? `All ${acts.length} acts were stopped by the runtime.`
        : `${passed} of ${acts.length} acts were let through by the runtime.`,
      ...planted.length === 0 ? [] : [
        "",
        ...tableOf(
          ["a link planted at", "stopped by", "answer"],
          planted.map(({ path, stoppedBy, detail }) => [path, stoppedBy, detail]),
        ),
        "",
        ...Object.entries(LAYERS).map(([by, what]) => `Held by the ${by}: ${what}.`),
      ],
    ],
  };
}

/** Asks what this program may do. @throws SiteError as {@linkcode proofOf}. */
export async function permissionsOf({ site, build, query }: PermissionsParts) {
  const grants = build?.grants ?? grantsFor(site, ENVIRONMENT_NAMES);
  const permissions = await askPermissions(build?.site ?? site, { grants, ...query && { query } });
  const rows = permissions.map(({ kind, subject, granted }) => [
    granted ? "may" : "may not",
    KINDS[kind].verb,
    subject ?? KINDS[kind].all,
  ]);
  return {
    object: { build, generic: build && isGeneric(build.site), permissions },
    lines: () => [...titleLines(build), ...tableOf(["", "", ""], rows).slice(1)],
  };
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

/** A table as wide as it is: nobody copies a path or an error that was cut. */
function tableOf(titles: readonly string[], rows: readonly string[][]): string[] {
  return tableLines(rows, { columns: titles.map((title) => ({ title })), width: Infinity });
}
