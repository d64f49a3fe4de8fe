/**
 * The words by which a type names a fault, family by family.
 *
 * From the documentation of Docker, Podman, systemd, Kubernetes, the usual rules of Prometheus,
 * Uptime Kuma, Zabbix, Icinga, Netdata, Home Assistant, smartd, mdadm, NUT, Proxmox, ZFS, restic and
 * borg; in normal form.
 *
 * @module
 */
import type { FaultFamily } from "../family.ts";
import { alternatives, anyOf, RUNNABLE } from "./patterns.ts";

const runnable = `(?:${alternatives(RUNNABLE)})`;

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
