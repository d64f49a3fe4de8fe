/**
 * What the runtime lets this program do, by asking it. The build's record of itself only says which
 * questions to ask; every answer is the runtime's.
 *
 * @module
 */
import { BUILD } from "./build.ts";
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

type Kind = Deno.PermissionDescriptor["name"];

/** A part of the configuration that the runtime would refuse. */
export interface Uncovered {
  readonly variable: "REDIS_URL" | "OLLAMA_HOST" | "RUNTIME_PATH";
  /** Without its password. */
  readonly value: string;
  /** What was refused, what the program was built for, and the command for the new value. */
  readonly message: string;
  readonly command: string;
}

/** What a permission of each kind lets a program do, and to what where it is granted as a whole. */
export const KINDS: Readonly<Record<Kind, { verb: string; all: string }>> = {
  net: { verb: "connect to", all: "any host" },
  read: { verb: "read", all: "any file" },
  write: { verb: "write", all: "any file" },
  env: { verb: "read variable", all: "any variable" },
  run: { verb: "run", all: "any program" },
  ffi: { verb: "load", all: "any library" },
  sys: { verb: "ask about", all: "the system" },
  import: { verb: "import from", all: "any remote host" },
};

/** Something of a kind: host and port, a path or a variable's name. */
type Access = readonly [kind: keyof Grants, subject: string];

function accessesOf(grants: Partial<Grants>): Access[] {
  const kinds = ["net", "read", "write", "env"] as const;
  return kinds.flatMap((kind) => grants[kind]?.map((subject) => [kind, subject] as const) ?? []);
}

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
 * Asks about everything the program needs at `site`, then about each kind as a whole (its subject is
 * null) and about things that no build may touch, whatever its site.
 *
 * @param grants what to ask about one by one: the build's lists, or from source those of the site.
 * @throws SiteError where no program can be built for `site`.
 */
export async function askPermissions(
  site: Site,
  { grants, query = systemQuery }: { readonly grants: Grants; readonly query?: Query },
) {
  const root = runtimeFolder(site.runtimePath);
  const forbidden: Access[] = [
    ["read", "/etc/passwd"],
    ["write", root],
    ["write", `${root}/actions/approved`],
    ["write", `${root}/actions/running`],
    ["write", "/etc"],
    ["env", "PATH"],
  ];
  const ask = async (kind: Kind, subject: string | null, asked: Deno.PermissionDescriptor) => ({
    kind,
    subject,
    granted: await isGranted(query, asked),
  });
  const askFor = (access: Access) => ask(...access, descriptorOf(access));
  return await Promise.all([
    ...accessesOf(grants).map(askFor),
    ...(Object.keys(KINDS) as Kind[]).map((kind) => ask(kind, null, { name: kind })),
    ...forbidden.map(askFor),
  ]);
}

/** What builds for another site than this program's, with all that does not depend on the site. */
function commandFor(site: Site, build: Build | null): string {
  const { collector, ollamaHosts: before = [] } = build?.site ?? {};
  // A chain of the offline rules names no host; a new build is not to lose the ones of this one.
  const ollamaHosts = site.ollamaHosts.length > 0 ? site.ollamaHosts : before;
  const wanted = { ...site, ollamaHosts, ...collector !== undefined && { collector } };
  return compileCommand(wanted, build?.target.split("-")[0]);
}

/**
 * The parts of a site that the runtime would refuse, each with what to do about it.
 *
 * @param options.needs the variables that this run needs; a replay, for one, needs no Redis.
 * @param options.build this program's build; null from source.
 */
export async function uncovered(
  site: Site,
  { needs = ["REDIS_URL", "OLLAMA_HOST", "RUNTIME_PATH"], build = BUILD, query = systemQuery }: {
    readonly needs?: readonly Uncovered["variable"][];
    readonly build?: Build | null;
    readonly query?: Query;
  } = {},
): Promise<Uncovered[]> {
  // From source with all hosts or all files allowed there is nothing to compare, and names that no
  // build takes (a folder with a blank) are fine.
  const isOpen = async (name: "net" | "read" | "write") =>
    build === null && (await query({ name })).state === "granted";
  const net = await isOpen("net");
  const files = await isOpen("read") && await isOpen("write");
  const compared = needs.filter((variable) => !(variable === "RUNTIME_PATH" ? files : net));
  const { redisUrl, runtimePath } = site;
  const command = commandFor(site, build);
  const parts: readonly (readonly [Uncovered["variable"], string, () => Partial<Grants>])[] = [
    ["REDIS_URL", redisUrl, () => ({ net: redisEndpoints(redisUrl) })],
    ...site.ollamaHosts.map((host) =>
      ["OLLAMA_HOST", host, () => ({ net: [ollamaEndpoint(host)] })] as const
    ),
    ["RUNTIME_PATH", runtimePath, () => foldersUnder(runtimePath)],
  ];
  const builtFor = build && {
    REDIS_URL: build.site.redisUrl,
    OLLAMA_HOST: build.site.ollamaHosts.join(", "),
    RUNTIME_PATH: build.site.runtimePath,
  };
  const problems: Uncovered[] = [];
  for (const [variable, text, needed] of parts) {
    if (!compared.includes(variable)) continue;
    const value = withoutCredentials(text);
    const report = (message: string) => problems.push({ variable, value, message, command });
    try {
      const refused: string[] = [];
      for (const access of accessesOf(needed())) {
        if (await isGranted(query, descriptorOf(access))) continue;
        const [kind, subject] = access;
        refused.push(`${KINDS[kind].verb} ${subject}`);
      }
      const [first, ...rest] = refused;
      if (first === undefined) continue;
      const what = rest.length > 0 ? `${first} and ${rest.length} more` : first;
      report(
        builtFor === null
          ? `${variable} ${value}: this run has no permission to ${what}. Add it to the --allow ` +
            `flags, or build a binary for it: ${command}`
          : `${variable} ${value}: this binary was built for ${builtFor[variable]} and ` +
            `may not ${what}. Build one for it: ${command}`,
      );
    } catch (error) {
      if (!(error instanceof SiteError)) throw error;
      report(error.message);
    }
  }
  return problems;
}
