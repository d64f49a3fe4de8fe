import { wordSet } from "../../base/text/tables.ts";
import { oneOf } from "../type.ts";
import { RUNNABLE } from "./faults.ts";

/** What a recovery is about when it is about health as such. */
export const HEALTH_SUBJECTS = wordSet(`
  service services container containers pod pods app application process instance unit docker kube
  kubernetes stack target monitor endpoint http https website site probe health check healthcheck
  status state state_changed alert alarm problem issue incident event notification mqtt mosquitto
  broker ha hass homeassistant home assistant dienst server backend nginx all is are has been now
  again back to the a it liveness readiness startup`);

/** Words that say how something is, not what. */
export const STATE_WORDS = wordSet(`
  high low critical warning error errors info ok okay okey normal good bad failed failure failing
  fail fails resolved recovered recovery cleared clear restored fixed repaired healthy unhealthy up
  down online offline started stopped completed complete succeeded success successful finished done
  passed renewed expired expiring expires expiry soon dead alive lost reconnected connected
  disconnected unreachable reachable available unavailable running not no ready exited died missing
  degraded full exceeded detected overdue missed back again now unpause unpaused returned ended over
  closed stable firing active`);

const CHANGED = oneOf(
  `deployment deploy redeploy redeployment rollout remediation upgrade update
   (service|container|image|packages?|system|app|stack|os|firmware|addon)_(update|upgrade|deployment|deploy)`,
);
const IS_THROUGH = oneOf(
  "started completed complete succeeded success successful finished done installed applied",
);

const TROUBLE = oneOf(
  "outage incident alert alarm problem pressure throttling flapping downtime fault",
);
/** Before an ending of good news these turn it round; `systemd_resolved` is a program. */
const TURNED_ROUND = oneOf(
  `not never no non isnt wasnt cannot cant un partially partly half almost nearly until unless
   awaiting waiting if systemd nicht being to_be`,
);

const SUBJECT = oneOf(
  `${RUNNABLE} node host link bridge broker mqtt database db postgres* mysql mariadb redis vpn
   tunnel wireguard tailscale agent client websocket device interface wan lan lte internet network
   connection upstream peer ups router gateway camera sensor entity integration plugin addon
   backend proxy dns replica cluster node_exporter api port web mail cache queue power mains
   homeassistant home_assistant hass zigbee2mqtt`,
);
const IS_WELL = oneOf(
  `up started start connected ready available running alive active stable joined reachable
   responding recovery is_up is_back back_up back returned`,
);

const WORK = oneOf(
  `backup snapshot scrub restore sync replication migration build job task cron check healthcheck
   health_check test self_test selftest renewal rebuild resync resilver reindex vacuum prune trim
   rotation verify verification archive export import dump vzdump restic borg forget compaction
   cleanup gc reconciliation`,
);
const IS_DONE = oneOf("completed complete finished finish done successful ended verified");

const MAINTENANCE = oneOf(
  "started start begin began scheduled window mode ended end finished completed over planned",
);

/** Words beside which `healthy`, `completed` or `up` are no good news. */
const SPEAKS_OF_TROUBLE =
  `not no never non isnt wasnt arent cannot cant un without nicht kein fail* error* unhealthy
   unrecovered unresolved unreachable unavailable offline lost dead died crash* degraded missing
   timeout* timed denied refused corrupt* killed stuck slow* flap* invalid mismatch* broken
   disconnected stale overdue delayed skipped abort* cancel* incomplete partial* unexpected
   unknown new rogue foreign critical warning high low few zero 0 wait* await* until unless
   expected long longer exceed* required needed due missed unscheduled unplanned attack* intrusion*
   exploit* breach* malware brute* phishing exfiltration login* logon* sudo auth* ssh* unauthori*
   outage* down shutdown poweroff failover evict* drain* delet* remov* destroy* kill* stop* fence*
   fencing discharge* abnormal loop looping restart* pressure problem* vulnerab* leak* panic*
   rollback only half almost barely too many filling`;

/**
 * The words by which a type tells good news, what was planned and what changed, in the form of
 * {@linkcode FAULTS}; from the same sources, and Alertmanager and Gatus. The last line of changes is
 * Kubernetes' of type Normal.
 */
export const NEWS = `
change, whole: ${CHANGED}_${IS_THROUGH} (service|app|stack)_deployed (container|image|service)_updated
  (?!security|critical)([a-z0-9]+_)?(updates?|(new_)?version|new_release|upgrade)_available
  (container|pod)_created?
  pulling pulled created scheduled scaling_replica_set successful_(create|delete|attach_volume|rescale)
good_news, whole: heartbeat up online healthy alive recovery start start_event started connected
  reconnected ready ([^_]+_){0,9}no_[^_]+_pressure ([^_]+_){0,9}has_sufficient_[^_]+
  (md_|mdadm_)?spare_active (md_|mdadm_|raid_)?rebuild_finished resync_finished commok comm_ok
  comm_restored ups_comm_restored flappingstop flapping_stop on_line onlinepower mains_back line_power
good_news: (?<!(^|_)${TURNED_ROUND}_)${
  oneOf(
    `resolved recovered cleared clear restored fixed ${TROUBLE}_(ended|over|closed|end)
     back_to_normal back_online behoben wiederhergestellt`,
  )
}(_(event|alert|notification|again|now))?$
good_news: ${
  oneOf(
    `healthy ok okay normal online passed passing renewed reconnected rotated repaired succeeded
     success successful successfully unpaused unpause ${SUBJECT}_${IS_WELL} ${WORK}_${IS_DONE}
     cert(ificate)?_(valid|issued|obtained)`,
  )
}(_(again|now|event))?$
  besides: ${SPEAKS_OF_TROUBLE}
planned: maintenance(_${MAINTENANCE})?$ (scheduled|planned)(?=_)
  (downtime|maintenance)_?(start|end|started|scheduled)$
  silence_(created|started)$ acknowledged$ acknowledgement$
  besides: ${SPEAKS_OF_TROUBLE}
`;

/** `[RESOLVED] DiskFull`, `Resolved: disk full`. */
export const OPENED_BY_RESOLVED =
  /^\s*(?:\[(?:resolved|recovered|ok)\]|(?:resolved|recovered|ok)\s*[:\-])\s*\S/i;
