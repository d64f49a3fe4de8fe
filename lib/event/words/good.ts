/**
 * The words by which a type tells good news, what was planned and what changed.
 *
 * From the documentation of Docker, Podman, systemd, Kubernetes, Alertmanager and the usual rules
 * of Prometheus, Uptime Kuma, Gatus, Zabbix, Icinga, Netdata, Home Assistant, smartd, mdadm, NUT,
 * Proxmox, ZFS, restic and borg; in normal form.
 *
 * @module
 */
import { alternatives, anyOf, RUNNABLE, whole } from "./patterns.ts";

/** What a recovery is about when it is about health as such. */
export const HEALTH_SUBJECTS: ReadonlySet<string> = new Set(
  ("service services container containers pod pods app application process instance unit docker " +
    "kube kubernetes stack target monitor endpoint http https website site probe health check " +
    "healthcheck status state state_changed alert alarm problem issue incident event notification " +
    "mqtt mosquitto broker ha hass homeassistant home assistant dienst server backend nginx " +
    "all is are has been now again back to the a it liveness readiness startup").split(" "),
);

/** Words that say how something is, not what. */
export const STATE_WORDS: ReadonlySet<string> = new Set(
  ("high low critical warning error errors info ok okay okey normal good bad failed failure failing " +
    "fail fails resolved recovered recovery cleared clear restored fixed repaired healthy " +
    "unhealthy up down online offline started stopped completed complete succeeded success " +
    "successful finished done passed renewed expired expiring expires expiry soon dead alive lost " +
    "reconnected connected disconnected unreachable reachable available unavailable running " +
    "not no ready exited died missing degraded full exceeded detected overdue missed back again " +
    "now unpause unpaused returned ended over closed stable firing active").split(" "),
);

const CHANGED = alternatives(
  `deployment deploy redeploy redeployment rollout remediation upgrade update
   (?:service|container|image|packages?|system|app|stack|os|firmware|addon)_(?:update|upgrade|deployment|deploy)`,
);

/** News of changes, with no trouble in them. */
export const NEWS = new RegExp(
  `^(?:(?:${CHANGED})_(?:started|completed|complete|succeeded|success|successful|finished|done|installed|` +
    `applied)|(?!security|critical)(?:[a-z0-9]+_)?(?:updates?|(?:new_)?version|new_release|upgrade)_available|` +
    `(?:service|app|stack)_deployed|(?:container|image|service)_updated|(?:container|pod)_created?|` +
    // Kubernetes' reasons of events of type Normal.
    `scaling_replica_set|successful_(?:create|delete|attach_volume|rescale)|pulling|pulled|created|scheduled)$`,
);

/** What is good news as a whole, though its words alone do not tell. */
export const GOOD_TYPES = whole(
  `heartbeat up online healthy alive recovery start start_event started connected reconnected ready
   (?:[^_]+_){0,9}no_[^_]+_pressure (?:[^_]+_){0,9}has_sufficient_[^_]+
   (?:md_|mdadm_)?spare_active (?:md_|mdadm_|raid_)?rebuild_finished resync_finished commok comm_ok comm_restored ups_comm_restored
   flappingstop flapping_stop on_line onlinepower mains_back line_power`,
);

// What ends a trouble that is named before it.
export const GOOD_AT_THE_END =
  /(?:^|_)(?:resolved|recovered|cleared|clear|restored|fixed|(?:outage|incident|alert|alarm|problem|pressure|throttling|flapping|downtime|fault)_(?:ended|over|closed|end)|back_to_normal|back_online|behoben|wiederhergestellt)(?:_(?:event|alert|notification|again|now))?$/;

// Before such an ending these turn it round; `systemd_resolved` is a program.
export const GOOD_AFTER =
  /(?:^|_)(?:not|never|no|non|isnt|wasnt|cannot|cant|un|partially|partly|half|almost|nearly|until|unless|awaiting|waiting|if|systemd|nicht|being|to_be)$/;

/** `[RESOLVED] DiskFull`, `Resolved: disk full`. */
export const OPENED_BY_RESOLVED =
  /^\s*(?:\[(?:resolved|recovered|ok)\]|(?:resolved|recovered|ok)\s*[:\-])\s*\S/i;

/** Words beside which `healthy`, `completed` or `up` are no good news. */
export const SPEAKS_OF_TROUBLE = anyOf(
  `not no never non isnt wasnt arent cannot cant un without nicht kein fail* error* unhealthy
   unrecovered unresolved unreachable unavailable offline lost dead died crash* degraded missing
   timeout* timed denied refused corrupt* killed stuck slow* flap* invalid mismatch* broken
   disconnected stale overdue delayed skipped abort* cancel* incomplete partial* unexpected
   unknown new rogue foreign critical warning high low few zero 0 wait* await* until unless
   expected long longer exceed* required needed due missed unscheduled unplanned attack* intrusion*
   exploit* breach* malware brute* phishing exfiltration login* logon* sudo auth* ssh* unauthori*
   outage* down shutdown poweroff failover evict* drain* delet* remov* destroy* kill* stop* fence*
   fencing discharge* abnormal loop looping restart* pressure problem* vulnerab* leak* panic* rollback
   only half almost barely too many filling`,
);

const GOOD_SUBJECT = `(?:${
  alternatives(
    `${RUNNABLE} node host link bridge broker mqtt database db postgres* mysql mariadb redis vpn
     tunnel wireguard tailscale agent client websocket device interface wan lan lte internet network
     connection upstream peer ups router gateway camera sensor entity integration plugin addon
     backend proxy dns replica cluster node_exporter api port web mail cache queue power mains homeassistant home_assistant hass
     zigbee2mqtt`,
  )
})`;

const GOOD_WORK = `(?:${
  alternatives(
    `backup snapshot scrub restore sync replication migration build job task cron check healthcheck
     health_check test self_test selftest renewal rebuild resync resilver reindex vacuum prune trim
     rotation verify verification archive export import dump vzdump restic borg forget compaction
     cleanup gc reconciliation`,
  )
})`;

/** Endings of good news, where nothing in the type speaks of trouble. */
export const GOOD_ENDINGS = new RegExp(
  `(?:^|_)(?:healthy|ok|okay|normal|online|passed|passing|renewed|reconnected|rotated|repaired|` +
    `succeeded|success|successful|successfully|unpaused|unpause|` +
    `${GOOD_SUBJECT}_(?:up|started|start|connected|ready|available|running|alive|active|stable|` +
    `joined|reachable|responding|recovery|is_up|is_back|back_up|back|returned)|` +
    `${GOOD_WORK}_(?:completed|complete|finished|finish|done|successful|ended|verified)|` +
    `certificate_(?:valid|issued)|cert_(?:valid|issued|obtained)|certificate_obtained)` +
    `(?:_(?:again|now|event))?$`,
);

export const PLANNED = new RegExp(
  `(?:^|_)(?:maintenance(?:_(?:started|start|begin|began|scheduled|window|mode|ended|end|finished|` +
    `completed|over|planned))?$|(?:scheduled|planned)_|(?:downtime|maintenance)_?(?:start|end|started|` +
    `scheduled)$|silence_(?:created|started)$|acknowledged$|acknowledgement$)`,
);
