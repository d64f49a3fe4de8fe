/**
 * The documentation as tests read it: pages, links, headings and the commands that are shown.
 *
 * @module
 */
import { join } from "node:path/posix";

/** Every page by its path from the project's root. */
export function readDocs(project: string): ReadonlyMap<string, string> {
  const paths = ["README.md", "CONTRIBUTING.md"];
  for (const { name } of Deno.readDirSync(join(project, "docs"))) {
    if (name.endsWith(".md")) paths.push(`docs/${name}`);
  }
  return new Map(
    paths.sort().map((path) => [path, Deno.readTextFileSync(join(project, path))]),
  );
}

const withoutCode = (text: string) => text.replace(/^ *```[^]*?^ *```$/gm, "");

/** Relative targets of links, with their anchors. */
export function linksIn(text: string): string[] {
  return [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = ""]) => target)
    .filter((target) => !/^[a-z]+:/.test(target));
}

/** Anchors that GitHub makes of a page's headings. */
export function anchorsOf(text: string): ReadonlySet<string> {
  return new Set(
    [...withoutCode(text).matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
      heading.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, "").replaceAll(" ", "-")
    ),
  );
}

export interface ShellBlock {
  /** What the comment above it says: `run`, `run: NAME` or `not run: WHY`. */
  readonly note: string;
  readonly code: string;
}

/** Fenced blocks of shell commands, in order. */
export function shellBlocks(text: string): ShellBlock[] {
  const blocks = text.matchAll(/(?:<!-- (.*?) -->\s*)?^( *)```(?:sh|bash)\n([^]*?)^ *```$/gm);
  return [...blocks].map(([, note = "", indent = "", code = ""]) => ({
    note,
    code: code.split("\n").map((line) => line.slice(indent.length)).join("\n"),
  }));
}

export interface ShownCommand {
  readonly name: string;
  readonly flags: readonly string[];
  readonly shown: string;
}

/** Each `planner-agent COMMAND --option`, in code of any kind. */
export function commandsIn(text: string): ShownCommand[] {
  const code = [
    ...shellBlocks(text).map((block) => block.code),
    ...[...text.matchAll(/`([^`\n]+)`/g)].map(([, inline = ""]) => inline),
  ];
  return code.flatMap((part) =>
    [...part.matchAll(/(?<![\w/@-])planner-agent ([a-z][a-z-]*)([^\n|;#)$]*)/g)].map(
      ([shown, name = "", rest = ""]) => ({
        name,
        flags: [...rest.matchAll(/(?<=\s)--([a-z-]+)/g)].map(([, flag = ""]) => flag),
        shown,
      }),
    )
  );
}
