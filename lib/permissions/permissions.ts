/**
 * What the runtime lets this program do, by asking it. The build's record of itself only says which
 * questions to ask; every answer is the runtime's.
 *
 * @module
 */
import {
  type Build,
  compileCommand,
  type Grants,
  grantsFor,
  ollamaEndpoint,
  redisEndpoints,
  runtimeFolder,
  type Site,
} from "./grants.ts";
import { SiteError, withoutCredentials } from "../base/host_port.ts";

/** Asks the runtime about one permission; `Deno.permissions.query` in the program. */
export type Query = (
  descriptor: Deno.PermissionDescriptor,
) => Promise<{ readonly state: Deno.PermissionState; readonly partial?: boolean }>;

/** One question and the runtime's answer. */
export interface Answer {
  readonly kind: Deno.PermissionDescriptor["name"];
  /** Host and port, path or variable name; null asks for all of the kind. */
  readonly subject: string | null;
  readonly granted: boolean;
}

/** A part of the configuration that the runtime would refuse. */
export interface Uncovered {
  readonly variable: "REDIS_URL" | "OLLAMA_HOST" | "RUNTIME_PATH";
  /** The value, without its password. */
  readonly value: string;
  /** What was refused, what the program was built for, and the command for the new value. */
  readonly message: string;
  /** The command alone. */
  readonly command: string;
}

const systemQuery: Query = (descriptor) => Deno.permissions.query(descriptor);

function descriptorOf(kind: Answer["kind"], subject: string | null): Deno.PermissionDescriptor {
  if (subject === null) return { name: kind };
  switch (kind) {
    case "net":
      return { name: kind, host: subject };
    case "env":
      return { name: kind, variable: subject };
    case "read":
    case "write":
      return { name: kind, path: subject };
    case "run":
      return { name: kind, command: subject };
    case "sys":
    case "ffi":
    case "import":
      return { name: kind };
  }
}

async function ask(query: Query, kind: Answer["kind"], subject: string | null): Promise<Answer> {
  const { state, partial } = await query(descriptorOf(kind, subject));
  return { kind, subject, granted: state === "granted" && partial !== true };
}

/** Subjects that no build of the agent may touch, whatever its site. */
function forbidden(site: Site): [Answer["kind"], string][] {
  const root = runtimeFolder(site.runtimePath);
  return [
    ["read", "/etc/passwd"],
    ["write", root],
    ["write", `${root}/actions/approved`],
    ["write", `${root}/actions/running`],
    ["write", "/etc"],
    ["env", "PATH"],
  ];
}

/** What a permission of each kind lets a program do to its subject. */
export const VERBS: Readonly<Record<Answer["kind"], string>> = {
  net: "connect to",
  read: "read",
  write: "write",
  env: "read variable",
  run: "run",
  ffi: "load",
  sys: "ask about",
  import: "import from",
};

const KINDS = ["net", "read", "write", "env", "run", "ffi", "sys", "import"] as const;

/**
 * Asks about everything the program needs at `site`, then about each kind as a whole and about
 * things that no build may touch.
 *
 * @param grants what to ask about one by one: the build's lists, or from source those of the site.
 * @throws SiteError where no program can be built for `site`.
 */
export async function askPermissions(
  site: Site,
  { grants, query = systemQuery }: { readonly grants: Grants; readonly query?: Query },
): Promise<Answer[]> {
  const own = (["net", "read", "write", "env"] as const)
    .flatMap((kind) => grants[kind].map((subject): [Answer["kind"], string] => [kind, subject]));
  const whole = KINDS.map((kind): [Answer["kind"], null] => [kind, null]);
  const answers: Answer[] = [];
  for (const [kind, subject] of [...own, ...whole, ...forbidden(site)]) {
    answers.push(await ask(query, kind, subject));
  }
  return answers;
}

/** Options of {@linkcode uncovered}. */
interface UncoveredOptions {
  /** The variables that this run needs; a replay, for one, needs no Redis. Default: all. */
  readonly needs?: readonly Uncovered["variable"][];
  /** This program's build; null from source. */
  readonly build: Build | null;
  readonly query?: Query;
}

/**
 * The parts of a site that the runtime would refuse, each with what to do about it. Empty where all
 * is granted.
 */
export async function uncovered(site: Site, options: UncoveredOptions): Promise<Uncovered[]> {
  const { build, query = systemQuery } = options;
  const needs = options.needs ?? ["REDIS_URL", "OLLAMA_HOST", "RUNTIME_PATH"];
  const problems: Uncovered[] = [];
  const collector = build?.site.collector;
  // A chain of the offline rules names no host; a new build is not to lose the ones of this one.
  const ollamaHosts = site.ollamaHosts.length > 0 ? site.ollamaHosts : build?.site.ollamaHosts;
  const command = compileCommand(
    { ...site, ollamaHosts: ollamaHosts ?? [], ...(collector !== undefined && { collector }) },
    archOf(build),
  );

  const check = async (
    variable: Uncovered["variable"],
    value: string,
    wanted: () => readonly (readonly [Answer["kind"], string])[],
  ) => {
    if (!needs.includes(variable)) return;
    const shown = withoutCredentials(value);
    try {
      const refused: string[] = [];
      for (const [kind, subject] of wanted()) {
        if (!(await ask(query, kind, subject)).granted) refused.push(`${VERBS[kind]} ${subject}`);
      }
      const [first] = refused;
      if (first === undefined) return;
      const rest = refused.length > 1 ? ` and ${refused.length - 1} more` : "";
      const message = build === null
        ? `${variable} ${shown}: this run has no permission to ${first}${rest}. Add it to the ` +
          `--allow flags, or build a binary for it: ${command}`
        : `${variable} ${shown}: this binary was built for ${builtFor(build.site, variable)} and ` +
          `may not ${first}${rest}. Build one for it: ${command}`;
      problems.push({ variable, value: shown, message, command });
    } catch (error) {
      if (!(error instanceof SiteError)) throw error;
      problems.push({ variable, value: shown, message: error.message, command });
    }
  };

  await check(
    "REDIS_URL",
    site.redisUrl,
    () => redisEndpoints(site.redisUrl).map((host) => ["net", host] as const),
  );
  for (const host of site.ollamaHosts) {
    await check("OLLAMA_HOST", host, () => [["net", ollamaEndpoint(host)]]);
  }
  await check("RUNTIME_PATH", site.runtimePath, () => {
    const root = `${runtimeFolder(site.runtimePath)}/`;
    const { read, write } = grantsFor(
      { ...site, redisUrl: "redis://localhost", ollamaHosts: [] },
      [],
    );
    return [
      ...read.map((path) => ["read", path] as const),
      ...write.map((path) => ["write", path] as const),
    ].filter(([, path]) => path.startsWith(root));
  });
  return problems;
}

function builtFor(site: Site, variable: Uncovered["variable"]): string {
  switch (variable) {
    case "REDIS_URL":
      return site.redisUrl;
    case "OLLAMA_HOST":
      return site.ollamaHosts.join(", ");
    case "RUNTIME_PATH":
      return site.runtimePath;
  }
}

function archOf(build: Build | null): string {
  return build?.target.split("-")[0] ?? "all";
}
