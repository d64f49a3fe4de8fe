/**
 * The words that types of events are made of, as senders write them.
 *
 * From the documentation of Docker, Podman, systemd, Kubernetes, Alertmanager and the usual rules
 * of Prometheus, Uptime Kuma, Gatus, Zabbix, Icinga, Netdata, Home Assistant, smartd, mdadm, NUT,
 * Proxmox, ZFS, restic and borg; in normal form.
 *
 * @module
 */
import type { FaultFamily } from "./family.ts";

/** Finds one of some words, or rows of words, in a type; `*` stands for any end or start of one. */
function anyOf(patterns: string): RegExp {
  return new RegExp(`(?:^|_)(?:${alternatives(patterns)})(?=_|$)`);
}

/** The same for a type that is one of these as a whole. */
function whole(patterns: string): RegExp {
  return new RegExp(`^(?:${alternatives(patterns)})$`);
}

function alternatives(patterns: string): string {
  return patterns.trim().split(/\s+/).join("|").replaceAll("*", "[^_]*");
}

/** Things that run and can be started again. */
const RUNNABLE = "services? containers? pods? app apps application process instance unit daemon " +
  "systemd* docker kube kubernetes stack workload target monitor endpoint http* website site " +
  "probe scrape server worker lxc vm guest qemu exporter";

const runnable = `(?:${alternatives(RUNNABLE)})`;

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

/** One row: the first that fits decides, and every word counts wherever it stands. */
interface FaultRow {
  readonly family: FaultFamily;
  readonly words: RegExp;
  /** Not with one of these. */
  readonly besides?: RegExp;
}

const row = (family: FaultFamily, words: string, besides?: string): FaultRow => ({
  family,
  words: anyOf(words),
  ...besides && { besides: anyOf(besides) },
});

/** What is away rather than broken, and cannot be started again from here. */
const THINGS = "device* sensor* entity entities camera door pump motor valve light lamp printer " +
  "client user phone thermostat plug switch zigbee* zwave bluetooth matter thread meter";

/**
 * Causes first: where a drive, mains or an intruder is named, what stopped is a consequence. Then
 * what runs, then the machine and its links, then what says only how bad it is.
 */
export const FAULTS: readonly FaultRow[] = [
  row(
    "disk",
    `disk* hdd ssd nvme* smart smartd smartctl raid* mdadm md md[0-9]+ zfs zpool zed btrfs lvm inode* filesystem*
     file_system* fs fstab volume* storage storagefill* mount mounts *mount partition* no_space out_of_space
     space_left free_space space enospc read_only readonly degraded_array degradedarray* drive drives
     *_io_error io_error i_o_error iowait_disk scrub* resilver* rebuild* spare rootfs quota tank pool_degraded
     persistent_volume* pvc failed_mount failed_attach_volume fail_spare festplatte* speicherplatz*
     platte sector sectors gc_failed provisioning_failed reallocated* pending_sectors ata nand tbw wearout wear datastore`,
    "memory shared_memory",
  ),
  row(
    "update",
    `image_pull* err_image* imagepull* errimage* invalid_image_name pull_failed manifest_unknown
     create_container_config_error`,
  ),
  row(
    "out_of_memory",
    `oom oom_* oomkill* *oomkill* system_oom out_of_memory outofmemory memory_exhausted maxmemory
     memory_limit_reached memory_limit_exceeded no_memory enomem speicher_voll`,
    "headroom",
  ),
  row(
    "power",
    `ups nut power* *voltage undervolt* battery* batt on_battery onbatt* lowbatt* replbatt* fsd nocomm*
     commbad* noparent mains brownout blackout psu acpi_power strom* stromausfall`,
    "power_state",
  ),
  row(
    "hardware",
    `temperature* temp overheat* overtemp* thermal* too_hot hot fan fans ecc edac mce machine_check gpu xid pcie
     usb i2c cpu_throttl* thrott* hardware memory_error* dimm humidity smoke water_leak ipmi bmc`,
    `kube* api rate_limit* request*`,
  ),
  row(
    "data",
    `backup* *backup snapshot* restic borg* duplicati kopia vzdump pbs velero rsync corrupt* database_*
     integrity checksum* replication* replica_lag replica_lag* replica_stale* wal dump restore* data_loss
     dataloss table_bloat vacuum* datensicherung* sicherung*`,
    "config_backup_restored core_dump",
  ),
  row(
    "certificate",
    "cert certs certificate* ssl tls acme letsencrypt lets_encrypt x509 zertifikat*",
  ),
  row(
    "access",
    `auth authentication authorization login* logon* password* credential* unauthori* forbidden
     permission* access_denied denied intrusion* security brute* bruteforce attack* breach* malware virus
     rootkit rogue* unknown_device* vulnerab* cve* ban banned fail2ban crowdsec sudo root_login ssh_* token_* tokens exploit* phishing
     tamper* alarm_triggered anmeldung* zugriff*`,
    "sshd_down ssh_down",
  ),
  row("certificate", "expir* abgelaufen"),
  row(
    "update",
    `update* upgrade* deploy* rollout* redeploy* version* migration* patch* reboot_required
     package* image_updat* helm argocd flux`,
  ),
  row(
    "network",
    `link links lte wan lan vlan network* vpn wireguard tailscale zerotier tunnel* dns nameserver dhcp
     bridge nic interface* eth[0-9]+ packet* net_drops tcp signal wifi wlan internet gateway router ping* icmp route*
     bgp ntp_unreachable port_scan firewall latency_wan netz* verbindung* isp carrier bond modem 
     conntrack upload_speed download_speed`,
    `gateway_timeout bad_gateway`,
  ),
  row(
    "crash_loop",
    `crash_loop* crashloop* restart_loop* restart*_loop restarting restarts restarted_too* too_many_restart*
     frequent*_restart* high_restart* restart_count* restart_limit* start_limit* back_off backoff flap*
     boot_loop keeps_restarting constantly_restarting`,
    "node_rebooted",
  ),
  row(
    "node",
    `node host machine kubelet evict* preempt* unschedulable failed_scheduling pending insufficient*
     reboot* rebooted kernel_panic kernel cpu load pid_pressure mem load_average swap swapping memory ram overcommit* fenc*
     clock* ntp time_drift knoten rechner hypervisor proxmox_node taint*`,
    "service* container* systemd* unit memory_leak entropy node_exporter_down",
  ),
  row(
    "application",
    `ha_integration* ha_entity* ha_automation* ha_recorder* ha_system_health* integration* automation*
     job* cron* task* recorder* query queries slow* latency* lag* *lag error_rate* errors_rate* 5xx 4xx
     http_error* response_time* high_error* rate_limit* queue* backlog* throughput deadline*
     connections* container_memory* container_cpu* high_cpu* high_memory* error_budget* ${THINGS}`,
    "offline unreachable away lost not_responding unavailable_device",
  ),
  row("network", `${THINGS} *_offline offline`, `${RUNNABLE}`),
  row(
    "starting",
    `starting start_period warming* initiali* init restarted booting activating container_creating`,
  ),
  {
    family: "drifted",
    words: new RegExp(
      `(?:^|_)(?:(?:${runnable}|config|configuration|compose|image|replica|replicas|desired_state)_` +
        `(?:[^_]+_)?(?:missing|removed|remove|absent|deleted|destroyed|destroy|not_found|gone|orphan[^_]*|` +
        `disappeared|drift[^_]*|mismatch[^_]*|changed_outside)|drift[^_]*|destroy|orphan[^_]*|out_of_sync|missing_(?:service|container|pod|stack))(?=_|$)`,
    ),
    besides: anyOf("target_missing monitor_missing probe"),
  },
  row(
    "unhealthy",
    `unhealthy un_healthy not_healthy health_check* healthcheck* health_fail* probe probes service_critical health_degraded liveness*
     readiness* probe_fail* probe_warning unresponsive not_responding no_response hang* hung frozen freeze
     stuck deadlock* timeout* timed_out service_error container_error app_error pod_error
     service_degraded container_degraded service_slow not_ready notready watchdog_timeout bad_gateway
     gateway_timeout 502 503 504 memory_leak check_failed error_state gestoert gestört hängt haengt`,
    "create_container_error run_container_error",
  ),
  row(
    "down",
    `down exited exit die died dead crash* not_running not_active isnt_running stopped stop killed kill
     sigkill sigsegv segfault core_dump* coredump* gone inactive terminated unreachable
     not_reachable not_available unavailable target_missing service_failed container_failed pod_failed
     unit_failed process_failed app_failed service_offline container_offline pod_offline
     service_lost container_lost connection_refused not_started start_failed start_error failed_to_start
     failed_state systemd_[^_]+_failed websocket* run_container_error create_container_error cannot_run ausgefallen ausfall
     abgestürzt abgestuerzt gestoppt connection_lost disconnected heartbeat_missed heartbeat_lost
     heartbeat_missing missed_heartbeat abort* paused`,
    "exec_die",
  ),
];

/** Types whose words would be read wrongly. */
export const KNOWN_TYPES: ReadonlyMap<string, FaultFamily> = new Map<string, FaultFamily>([
  ["fail", "disk"], // mdadm's word for a drive
  ["device_disappeared", "disk"],
  ["commok", "power"],
  ["comm", "power"],
  ["heartbeat", "unhealthy"],
  ["start", "unhealthy"],
  ["spares_missing", "disk"],
  ["removed", "drifted"],
  ["remove", "drifted"],
  ["auto_restart", "crash_loop"],
  ["failed", "down"],
  ["failure", "down"],
  ["error", "unhealthy"],
  ["service_failure", "down"],
  ["container_failure", "down"],
  ["mqtt_unreachable", "down"],
  ["mqtt_broker_unreachable", "down"],
  ["ha_websocket_dead", "down"],
  ["restart", "starting"],
  ["container_restarted", "starting"],
  ["service_restarted", "starting"],
  ["back_off", "crash_loop"],
  ["killing", "starting"],
]);
