/**
 * What the runtime lets this program do, by asking it. The build's record of itself only says which
 * questions to ask; every answer is the runtime's.
 *
 * @module
 */
import {
  type Build,
  compileCommand,
  foldersUnder,
  type Grants,
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

/** What the runtime answered. */
interface Answer {
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

/** What a permission of each kind lets a program do, and to what where it is granted as a whole. */
export const KINDS: Readonly<Record<Answer["kind"], { verb: string; all: string }>> = {
  net: { verb: "connect to", all: "any host" },
  read: { verb: "read", all: "any file" },
  write: { verb: "write", all: "any file" },
  env: { verb: "read variable", all: "any variable" },
  run: { verb: "run", all: "any program" },
  ffi: { verb: "load", all: "any library" },
  sys: { verb: "ask about", all: "the system" },
  import: { verb: "import from", all: "any remote host" },
};

type Access = readonly [kind: keyof Grants, subject: string];

const systemQuery: Query = (descriptor) => Deno.permissions.query(descriptor);

function descriptorOf([kind, subject]: Access): Deno.PermissionDescriptor {
  switch (kind) {
    case "net":
      return { name: kind, host: subject };
    case "env":
      return { name: kind, variable: subject };
    case "read":
    case "write":
      return { name: kind, path: subject };
  }
}

async function isGranted(query: Query, descriptor: Deno.PermissionDescriptor): Promise<boolean> {
  const { state, partial } = await query(descriptor);
  return state === "granted" && partial !== true;
}

/**
 * Asks about everything the program needs at `site`, then about each kind as a whole and about
 * things that no build may touch, whatever its site.
 *
 * @param grants what to ask about one by one: the build's lists, or from source those of the site.
 * @throws SiteError where no program can be built for `site`.
 */
export async function askPermissions(
  site: Site,
  { grants, query = systemQuery }: { readonly grants: Grants; readonly query?: Query },
): Promise<Answer[]> {
  const root = runtimeFolder(site.runtimePath);
  const own = (["net", "read", "write", "env"] as const)
    .flatMap((kind) => grants[kind].map((subject): Access => [kind, subject]));
  const forbidden: Access[] = [
    ["read", "/etc/passwd"],
    ["write", root],
    ["write", `${root}/actions/approved`],
    ["write", `${root}/actions/running`],
    ["write", "/etc"],
    ["env", "PATH"],
  ];
  const answerTo = async (access: Access): Promise<Answer> => {
    const [kind, subject] = access;
    return { kind, subject, granted: await isGranted(query, descriptorOf(access)) };
  };
  return await Promise.all([
    ...own.map(answerTo),
    ...(Object.keys(KINDS) as Answer["kind"][]).map(async (kind): Promise<Answer> => {
      return { kind, subject: null, granted: await isGranted(query, { name: kind }) };
    }),
    ...forbidden.map(answerTo),
  ]);
}

/**
 * The parts of a site that the runtime would refuse, each with what to do about it. Empty where all
 * is granted.
 *
 * @param options.needs the variables that this run needs; a replay, for one, needs no Redis.
 * @param options.build this program's build; null from source.
 */
export async function uncovered(
  site: Site,
  { needs = ["REDIS_URL", "OLLAMA_HOST", "RUNTIME_PATH"], build, query = systemQuery }: {
    readonly needs?: readonly Uncovered["variable"][];
    readonly build: Build | null;
    readonly query?: Query;
  },
): Promise<Uncovered[]> {
  const collector = build?.site.collector;
  // A chain of the offline rules names no host; a new build is not to lose the ones of this one.
  const ollamaHosts = site.ollamaHosts.length > 0 ? site.ollamaHosts : build?.site.ollamaHosts;
  const command = compileCommand(
    { ...site, ollamaHosts: ollamaHosts ?? [], ...(collector !== undefined && { collector }) },
    build?.target.split("-")[0],
  );
  const { redisUrl, runtimePath } = site;
  const connectTo = (host: string): Access => ["net", host];
  const parts: readonly (readonly [Uncovered["variable"], string, () => Access[]])[] = [
    ["REDIS_URL", redisUrl, () => redisEndpoints(redisUrl).map(connectTo)],
    ...site.ollamaHosts.map((host) =>
      ["OLLAMA_HOST", host, () => [connectTo(ollamaEndpoint(host))]] as const
    ),
    ["RUNTIME_PATH", runtimePath, () => {
      const { read, write } = foldersUnder(runtimePath);
      return [
        ...read.map((path): Access => ["read", path]),
        ...write.map((path): Access => ["write", path]),
      ];
    }],
  ];
  const problems: Uncovered[] = [];
  for (const [variable, text, accesses] of parts) {
    if (!needs.includes(variable)) continue;
    const value = withoutCredentials(text);
    try {
      const refused: string[] = [];
      for (const access of accesses()) {
        const [kind, subject] = access;
        const granted = await isGranted(query, descriptorOf(access));
        if (!granted) refused.push(`${KINDS[kind].verb} ${subject}`);
      }
      const [first, ...rest] = refused;
      if (first === undefined) continue;
      const what = rest.length > 0 ? `${first} and ${rest.length} more` : first;
      const message = build === null
        ? `${variable} ${value}: this run has no permission to ${what}. Add it to the --allow ` +
          `flags, or build a binary for it: ${command}`
        : `${variable} ${value}: this binary was built for ${builtFor(build.site, variable)} and ` +
          `may not ${what}. Build one for it: ${command}`;
      problems.push({ variable, value, message, command });
    } catch (error) {
      if (!(error instanceof SiteError)) throw error;
      problems.push({ variable, value, message: error.message, command });
    }
  }
  return problems;
}

function builtFor(
  { redisUrl, ollamaHosts, runtimePath }: Site,
  variable: Uncovered["variable"],
): string {
  return {
    REDIS_URL: redisUrl,
    OLLAMA_HOST: ollamaHosts.join(", "),
    RUNTIME_PATH: runtimePath,
  }[variable];
}
