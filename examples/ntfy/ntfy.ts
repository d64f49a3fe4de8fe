/**
 * Tells a phone of each proposal, by ntfy, with buttons that approve or reject it.
 *
 * It hears the announcements on PROPOSAL_CHANNEL, and moves files out of actions/pending as the
 * executor's user when a button is pressed. A button carries a token of its own: made for one
 * proposal as it was announced, good once, and only as long as the proposal is valid.
 *
 * @module
 */
import {
  actionIds,
  isObject,
  isoTime,
  isValidAt,
  moved,
  moveFile,
  type Proposal,
  ProposalError,
  readProposal,
} from "../lib/action.ts";
import { listen } from "../lib/redis.ts";
import { type Offer, openOffers } from "./offers.ts";

export interface Settings {
  readonly runtimePath: string;
  readonly redisUrl: string;
  readonly channel: string;
  /** The ntfy server; Home Assistant's webhook takes the same body. */
  readonly ntfyUrl: string;
  readonly topic: string;
  /** Of ntfy, where it wants one. */
  readonly ntfyToken: string;
  /** Where the phone reaches this program: a reverse proxy, or a tunnel's name. */
  readonly publicUrl: string;
  /** Whose name stands in `transition_history`. */
  readonly by: string;
}

type Log = (line: object) => void;
type Decision = "approve" | "reject";

const DECISIONS = { approve: "approved", reject: "rejected" } as const;
const PRIORITIES: Readonly<Record<string, number>> = { critical: 5, error: 4, warning: 3 };
/** Proposals that were announced while this program was away, the newest. */
const MOST_MISSED = 20;
const SEND_TRIES = 10;
const ANY_ORIGIN = {
  "access-control-allow-origin": "*",
  "access-control-allow-headers": "authorization",
};

/** The message for a new proposal, as ntfy takes it by POST to its root. */
export function offerMessage(
  proposal: Proposal,
  token: string,
  { topic, publicUrl }: Pick<Settings, "topic" | "publicUrl">,
): object {
  const { content, node, service } = proposal;
  const payload = isObject(content.payload) ? content.payload : {};
  const audit = isObject(payload.audit) ? payload.audit : {};
  const severity = isObject(audit.event) ? String(audit.event.severity) : "";
  const action = String(payload.action);
  const button = (decision: Decision, label: string) => ({
    action: "http",
    label,
    url: `${publicUrl}/${decision}`,
    method: "POST",
    headers: { Authorization: `Bearer ${token}` },
    clear: true,
  });
  const repairs = action === "restart" || action === "redeploy";
  return {
    topic,
    title: `${action} ${service} on ${node}?`,
    message: `${payload.reason}\n${severity || "unknown severity"}, confidence ` +
      `${content.confidence}, valid until ${payload.valid_until}\n${proposal.actionId}`,
    priority: PRIORITIES[severity] ?? 2,
    tags: [repairs ? "wrench" : "loudspeaker"],
    actions: [
      button("approve", repairs ? "Approve" : "Seen"),
      button("reject", repairs ? "Reject" : "Dismiss"),
    ],
  };
}

/** Sends to ntfy; tries again for some minutes. Resolves with whether it was taken. */
export async function send(
  { ntfyUrl, ntfyToken }: Pick<Settings, "ntfyUrl" | "ntfyToken">,
  message: object,
  log: Log,
): Promise<boolean> {
  for (let tries = 1;; tries++) {
    try {
      const response = await fetch(ntfyUrl, {
        method: "POST",
        headers: ntfyToken === "" ? {} : { authorization: `Bearer ${ntfyToken}` },
        body: JSON.stringify(message),
        signal: AbortSignal.timeout(20_000),
      });
      await response.body?.cancel();
      if (response.ok) return true;
      log({ event: "ntfy_refused", status: response.status, tries });
    } catch (error) {
      log({ event: "ntfy_unavailable", why: String(error), tries });
    }
    if (tries === SEND_TRIES) return false;
    await sleep(Math.min(60_000, 500 * 2 ** tries));
  }
}

/** What became of a proposal meanwhile, as one line without buttons. */
function laterMessage(told: Readonly<Record<string, unknown>>, topic: string): object {
  const { kind, action, service, node, action_id } = told;
  const what: Readonly<Record<string, string>> = {
    recovered: "is well again",
    superseded: "was dealt with by another proposal",
    expired: "has run out undecided",
  };
  return {
    topic,
    title: `${action} ${service} on ${node}: ${what[String(kind)] ?? kind}`,
    message: String(action_id),
    priority: 2,
    tags: ["information_source"],
  };
}

export async function createBridge(settings: Settings, statePath: string, log: Log) {
  const { runtimePath: root, topic, by } = settings;
  const offers = await openOffers(statePath);
  const underWay = new Set<string>();

  /** Once, whether it was announced, found waiting, or both. */
  async function offer(actionId: string, digest?: string): Promise<void> {
    if (offers.has(actionId) || underWay.has(actionId)) return;
    underWay.add(actionId);
    try {
      await offerNew(actionId, digest);
    } finally {
      underWay.delete(actionId);
    }
  }

  async function offerNew(actionId: string, digest?: string): Promise<void> {
    let proposal: Proposal;
    try {
      proposal = await readProposal(root, "pending", actionId);
    } catch (error) {
      const known = error instanceof ProposalError || error instanceof Deno.errors.NotFound;
      if (!known) throw error;
      log({ event: "not_offered", action_id: actionId, why: error.message });
      return;
    }
    const expiresMs = endOf(proposal);
    if (!isValidAt(proposal, Date.now()) || (digest ?? proposal.digest) !== proposal.digest) {
      log({ event: "not_offered", action_id: actionId, why: "it is stale or was altered" });
      return;
    }
    const token = await offers.make({ actionId, digest: proposal.digest, expiresMs });
    if (await send(settings, offerMessage(proposal, token, settings), log)) {
      log({ event: "offered", action_id: actionId });
    } else await offers.forget(actionId);
  }

  async function hear(text: string): Promise<void> {
    const told: unknown = JSON.parse(text);
    if (!isObject(told) || typeof told.action_id !== "string") return;
    const { kind = "proposed", action_id, digest } = told;
    if (kind === "proposed") {
      await offer(action_id, typeof digest === "string" ? digest : undefined);
    } else await send(settings, laterMessage(told, topic), log);
  }

  async function decide(decision: Decision, taken: Offer): Promise<readonly [number, string]> {
    const { actionId, digest, expiresMs } = taken;
    const nowMs = Date.now();
    if (nowMs >= expiresMs) return [410, `${actionId} is past its time`];
    let proposal: Proposal;
    try {
      proposal = await readProposal(root, "pending", actionId);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [409, `${actionId} was decided already`];
      if (error instanceof ProposalError) return [409, `${actionId}: ${error.message}`];
      throw error;
    }
    if (proposal.digest !== digest) return [409, `${actionId} is not what was announced`];
    const to = DECISIONS[decision];
    const at = { [`${to}_at`]: isoTime(nowMs) };
    const content = moved(proposal.content, { from: "pending", to, by, atMs: nowMs }, at);
    try {
      await moveFile(root, actionId, { from: "pending", to, content });
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [409, `${actionId} was decided already`];
      if (error instanceof Deno.errors.AlreadyExists) return [409, `${to} has ${actionId} already`];
      throw error;
    }
    return [200, `${to}: ${actionId}`];
  }

  return {
    offer,

    /** Offers what waits and was not offered, then every announcement, until Redis is lost. */
    async follow(onReady?: () => void): Promise<void> {
      const { redisUrl: url, channel } = settings;
      const missed = async () => {
        for (const id of (await actionIds(root, "pending")).slice(-MOST_MISSED)) await offer(id);
      };
      const ready = () => {
        onReady?.();
        missed().catch((error: unknown) => log({ event: "not_offered", why: String(error) }));
      };
      for await (const text of listen({ url, channel, onReady: ready })) {
        // One that ntfy does not take at once must not keep the next from being heard.
        hear(text).catch((error: unknown) => log({ event: "not_offered", why: String(error) }));
      }
    },

    /** Answers a pressed button. */
    async handle(request: Request): Promise<Response> {
      await request.body?.cancel();
      const answer = (status: number, text: string) =>
        new Response(`${text}\n`, { status, headers: ANY_ORIGIN });
      if (request.method === "OPTIONS") return new Response(null, { headers: ANY_ORIGIN });
      const decision = new URL(request.url).pathname.slice(1);
      // A GET decides nothing: a preview of a link would be one.
      if (request.method !== "POST" || (decision !== "approve" && decision !== "reject")) {
        return answer(404, "POST to /approve or /reject");
      }
      const [, token = ""] = /^Bearer (\S+)$/.exec(request.headers.get("authorization") ?? "") ??
        [];
      const taken = await offers.take(token);
      if (taken === undefined) return answer(403, "this button is unknown, or was pressed before");
      const [status, text] = await decide(decision, taken).catch(async (error: unknown) => {
        await offers.giveBack(token, taken);
        throw error;
      });
      log({ event: "decided", decision, action_id: taken.actionId, status });
      return answer(status, text);
    },
  };
}

function endOf({ content }: Proposal): number {
  const payload = isObject(content.payload) ? content.payload : {};
  return Date.parse(String(payload.valid_until));
}

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

if (import.meta.main) {
  const env = (name: string, otherwise: string) => Deno.env.get(name) || otherwise;
  const log: Log = (line) =>
    void Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(line)}\n`));
  const credential = async (name: string) => {
    try {
      return (await Deno.readTextFile(`${env("CREDENTIALS_DIRECTORY", ".")}/${name}`)).trim();
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return "";
      throw error;
    }
  };
  const bridge = await createBridge(
    {
      runtimePath: env("RUNTIME_PATH", "/opt/homelab"),
      redisUrl: env("REDIS_URL", "redis://127.0.0.1:6379"),
      channel: env("PROPOSAL_CHANNEL", "proposals"),
      ntfyUrl: env("NTFY_URL", "http://127.0.0.1:2586/"),
      topic: env("NTFY_TOPIC", "planner"),
      ntfyToken: await credential("ntfy-token"),
      publicUrl: env("PUBLIC_URL", "http://127.0.0.1:9712").replace(/\/+$/, ""),
      by: env("BY", "ntfy"),
    },
    `${env("STATE_DIRECTORY", ".")}/offers.json`,
    log,
  );
  Deno.serve({
    hostname: env("LISTEN", "127.0.0.1"),
    port: Number(env("PORT", "9712")),
    onListen: ({ port }) => log({ event: "ntfy_started", port }),
    onError: (error) => {
      log({ event: "request_failed", why: String(error) });
      return new Response("failed; the proposal is where it was\n", { status: 500 });
    },
  }, bridge.handle);
  for (;;) {
    try {
      await bridge.follow(() => log({ event: "listening" }));
    } catch (error) {
      log({ event: "redis_lost", why: String(error) });
    }
    await sleep(5_000);
  }
}
