/**
 * What Linux says about a process and its children: CPU time and memory. Reading /proc is why the
 * benchmark runs with all permissions.
 *
 * @module
 */

/** Clock ticks a second in /proc; the same on every architecture that Deno runs on. */
const TICKS = 100;

/** A process that is told apart from a later one with the same number. */
export interface ProcessId {
  readonly pid: number;
  /** Clock ticks since boot. */
  readonly started: number;
}

/** The fields of /proc/PID/stat that matter here. */
export function parseStat(text: string): { started: number; cpuSeconds: number } {
  // The name, in parentheses, may itself hold blanks and parentheses.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const field = (nth: number) => Number(fields[nth - 3] ?? NaN);
  return { started: field(22), cpuSeconds: (field(14) + field(15)) / TICKS };
}

/** A field of /proc/PID/status that counts kB, in MiB; NaN when it is not there. */
export function parseMiB(status: string, field: "VmRSS" | "VmHWM"): number {
  const found = status.match(new RegExp(`^${field}:\\s*(\\d+) kB$`, "m"));
  return Number(found?.[1] ?? NaN) / 1024;
}

function read(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return undefined; // The process, or the thread, has ended.
  }
}

function children(pid: number): number[] {
  let threads: string[];
  try {
    threads = [...Deno.readDirSync(`/proc/${pid}/task`)].map((entry) => entry.name);
  } catch {
    return [];
  }
  return threads.flatMap((thread) =>
    (read(`/proc/${pid}/task/${thread}/children`) ?? "").split(" ").filter(Boolean).map(Number)
  );
}

/** The process and all that descend from it, as far as they live. */
export function processTree(pid: number): ProcessId[] {
  const found: ProcessId[] = [];
  const todo = [pid];
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    const stat = read(`/proc/${next}/stat`);
    if (stat === undefined) continue;
    found.push({ pid: next, started: parseStat(stat).started });
    todo.push(...children(next));
  }
  return found;
}

function sum(pid: number, value: (pid: number) => number): number {
  return processTree(pid).map((process) => value(process.pid)).filter(Number.isFinite)
    .reduce((a, b) => a + b, 0);
}

/** CPU time that the living processes of the tree have used, in seconds. */
export function cpuSeconds(pid: number): number {
  return sum(pid, (each) => parseStat(read(`/proc/${each}/stat`) ?? "").cpuSeconds);
}

/** Memory of the tree in MiB: resident now (VmRSS), or each process' peak (VmHWM). */
export function memoryMiB(pid: number, field: "VmRSS" | "VmHWM"): number {
  return sum(pid, (each) => parseMiB(read(`/proc/${each}/status`) ?? "", field));
}

/** Ends a process at once, unless it has ended already. */
export function killProcess({ pid, started }: ProcessId): void {
  const stat = read(`/proc/${pid}/stat`);
  if (stat === undefined || parseStat(stat).started !== started) return;
  try {
    Deno.kill(pid, "SIGKILL");
  } catch {
    // It ended in between.
  }
}
