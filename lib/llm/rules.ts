/**
 * The built-in offline diagnosis: what to propose when no model answers.
 *
 * It knows the event's type and severity, nothing of its cause. So it never is sure, always asks
 * for a person, and where it does not know the type it only notifies.
 *
 * @module
 */
import type { Action, Diagnosis } from "./diagnosis.ts";
import type { WaitingEvent } from "../event/event.ts";
import { globMatches } from "../base/glob.ts";
import { type SeverityRank, severityRank } from "../event/severity.ts";

/** One row: the first whose type and severity fit decides. */
interface DiagnosisRule {
  /** Globs for the event's type, in lower case with `_` between words. */
  readonly types: readonly string[];
  /** Only for severities of these ranks; for all when left out. */
  readonly ranks?: readonly SeverityRank[];
  readonly action: Action;
  readonly confidence: number;
  /** Why, as the end of a sentence that names the event. */
  readonly because: string;
}

const INFO: readonly SeverityRank[] = [3];

const UNKNOWN: DiagnosisRule = {
  types: ["*"],
  action: "notify",
  confidence: 0.3,
  because: "the built-in rules do not know this kind of event",
};

/**
 * Good news first; then hardware, data and access, where a restart can make it worse; then
 * containers.
 */
export const DIAGNOSIS_RULES: readonly DiagnosisRule[] = [
  {
    types: [
      "alert_resolved",
      "backup_completed",
      "backup_succeeded",
      "bridge_online",
      "cert_renewed",
      "certificate_renewed",
      "container_healthy",
      "container_recovered",
      "container_started",
      "deployment_succeeded",
      "device_online",
      "heartbeat",
      "host_online",
      "service_started",
      "snapshot_completed",
      "update_completed",
      "update_succeeded",
    ],
    ranks: INFO,
    action: "ignore",
    confidence: 0.8,
    because: "it reports that something went well",
  },
  {
    types: ["disk_*", "*_disk_*", "inode*", "filesystem_*", "volume_full", "*no_space*"],
    action: "notify",
    confidence: 0.6,
    because: "space must be freed or the disk looked at by a person; a restart frees nothing",
  },
  {
    types: ["smart_*", "raid_*", "zfs_*", "nvme_*", "mdadm_*", "*_io_error*"],
    action: "notify",
    confidence: 0.6,
    because: "a drive may be failing: check the backups before anything else",
  },
  {
    types: ["*temperature*", "*overheat*", "*thrott*", "*voltage*", "ups_*", "*power*", "fan_*"],
    action: "notify",
    confidence: 0.6,
    because: "heat and power are not mended by software",
  },
  {
    types: ["backup_*", "*_backup_*", "snapshot_*", "*corrupt*", "database_*"],
    action: "notify",
    confidence: 0.6,
    because: "data is concerned: a person decides what is safe",
  },
  {
    types: ["cert*", "*_cert_*", "*certificate*", "tls_*", "*expir*"],
    action: "notify",
    confidence: 0.6,
    because: "something must be renewed, and by whom depends on who issued it",
  },
  {
    types: ["auth_*", "*login*", "*intrusion*", "*unauthorized*", "security_*"],
    action: "notify",
    confidence: 0.6,
    because: "access is concerned: keep the traces and let a person look",
  },
  {
    types: ["update_*", "*_update_failed", "deployment_failed", "deploy_failed", "*image_pull*"],
    action: "notify",
    confidence: 0.5,
    because: "doing a failed change again without knowing why can break what still runs",
  },
  {
    types: [
      "node_*",
      "host_*",
      "link_*",
      "*_link_*",
      "lte_*",
      "wan_*",
      "network_*",
      "bridge_*",
      "*unreachable*",
      "*_offline",
    ],
    action: "notify",
    confidence: 0.5,
    because:
      "a node, device or network is away, and no container on it can be reached for a repair",
  },
  {
    types: ["*crashloop*", "*crash_loop*", "*restart_loop*", "*restarting*", "*flapping*"],
    action: "redeploy",
    confidence: 0.4,
    because: "it was restarted already and fell over again, so a fresh container is the next step",
  },
  {
    types: ["container_missing", "container_removed", "service_missing", "*config_drift*"],
    action: "redeploy",
    confidence: 0.4,
    because: "what should run is not there as described, and a restart cannot bring it back",
  },
  {
    types: ["oom*", "*_oom*", "*oomkill*", "*out_of_memory*"],
    action: "restart",
    confidence: 0.5,
    because: "it ran out of memory; a restart brings it back, its limit wants a look",
  },
  {
    types: [
      "service_unhealthy",
      "service_failed",
      "service_error",
      "service_down",
      "service_stopped",
      "service_unresponsive",
      "container_unhealthy",
      "container_exited",
      "container_died",
      "container_die",
      "container_stopped",
      "container_dead",
      "container_crashed",
      "health_check_failed",
      "healthcheck_failed",
    ],
    ranks: [0, 1, 2],
    action: "restart",
    confidence: 0.5,
    because: "its container is stopped or unhealthy, and a restart is the smallest remedy",
  },
  UNKNOWN,
];

/** The longest part of a type that is repeated in a reason. */
const LONGEST_TYPE = 80;

/** The diagnosis of an event by the table alone; always one. */
export function diagnoseByRules(event: WaitingEvent): Diagnosis {
  const type = event.type.toLowerCase().replace(/[\s.:/-]+/g, "_");
  const rank = severityRank(event.severity);
  const rule =
    DIAGNOSIS_RULES.find(({ types, ranks }) =>
      (ranks?.includes(rank) ?? true) && types.some((glob) => globMatches(glob, type))
    ) ?? UNKNOWN;
  const { action, confidence, because } = rule;
  return {
    action,
    service: event.service,
    node: event.node,
    reason: `${
      event.type.slice(0, LONGEST_TYPE).toWellFormed()
    }: ${because} (built-in rule, no model)`,
    confidence,
    requires_human: true,
  };
}
