import { oneOf } from "../type.ts";

/** Things that run and can be started again. */
export const RUNNABLE =
  "services? containers? pods? app apps application process instance unit daemon " +
  "systemd* docker kube kubernetes stack workload target monitor endpoint http* website site " +
  "probe scrape server worker lxc vm guest qemu exporter";

/** What is away rather than broken, and cannot be started again from here. */
const THINGS = "device* sensor* entity entities camera door pump motor valve light lamp printer " +
  "client user phone thermostat plug switch zigbee* zwave bluetooth matter thread meter";

const CONFIGURED = oneOf(
  `${RUNNABLE} config configuration compose image replica replicas desired_state`,
);
const LOST = oneOf(
  "missing removed? absent deleted destroy(ed)? not_found gone orphan* disappeared drift* " +
    "mismatch* changed_outside",
);

/**
 * The words by which a type names a fault, family by family; from the documentation of Docker,
 * Podman, systemd, Kubernetes, the usual rules of Prometheus, Uptime Kuma, Zabbix, Icinga, Netdata,
 * Home Assistant, smartd, mdadm, NUT, Proxmox, ZFS, restic and borg; patterns of normal forms.
 *
 * The first row that fits decides; its words count wherever they stand, and not with a word of
 * `besides`. First whole types whose words would be read wrongly; `fail` is mdadm's word for a
 * drive. Then causes: where a drive, mains or an intruder is named, what stopped is a
 * consequence. Then what runs, then the machine and its links, then what says only how bad it is.
 */
export const FAULTS = `
disk, whole: fail device_disappeared spares_missing
power, whole: commok comm
unhealthy, whole: heartbeat start error
drifted, whole: removed remove
crash_loop, whole: auto_restart back_off
down, whole: failed failure service_failure container_failure mqtt_unreachable
  mqtt_broker_unreachable ha_websocket_dead
starting, whole: restart container_restarted service_restarted killing
disk: disk* hdd ssd nvme* smart smartd smartctl raid* mdadm md md[0-9]+ zfs zpool zed btrfs lvm
  inode* filesystem* file_system* fs fstab volume* storage storagefill* mount mounts *mount
  partition* no_space out_of_space space_left free_space space enospc read_only readonly
  degraded_array degradedarray* drive drives *_io_error io_error i_o_error iowait_disk scrub*
  resilver* rebuild* spare rootfs quota tank pool_degraded persistent_volume* pvc failed_mount
  failed_attach_volume fail_spare festplatte* speicherplatz* platte sector sectors gc_failed
  provisioning_failed reallocated* pending_sectors ata nand tbw wearout wear datastore
  besides: memory shared_memory
update: image_pull* err_image* imagepull* errimage* invalid_image_name pull_failed manifest_unknown
  create_container_config_error
out_of_memory: oom oom_* oomkill* *oomkill* system_oom out_of_memory outofmemory memory_exhausted
  maxmemory memory_limit_reached memory_limit_exceeded no_memory enomem speicher_voll
  besides: headroom
power: ups nut power* *voltage undervolt* battery* batt on_battery onbatt* lowbatt* replbatt* fsd
  nocomm* commbad* noparent mains brownout blackout psu acpi_power strom* stromausfall
  besides: power_state
hardware: temperature* temp overheat* overtemp* thermal* too_hot hot fan fans ecc edac mce
  machine_check gpu xid pcie usb i2c cpu_throttl* thrott* hardware memory_error* dimm humidity
  smoke water_leak ipmi bmc
  besides: kube* api rate_limit* request*
data: backup* *backup snapshot* restic borg* duplicati kopia vzdump pbs velero rsync corrupt*
  database_* integrity checksum* replication* replica_lag replica_lag* replica_stale* wal dump
  restore* data_loss dataloss table_bloat vacuum* datensicherung* sicherung*
  besides: config_backup_restored core_dump
certificate: cert certs certificate* ssl tls acme letsencrypt lets_encrypt x509 zertifikat*
access: auth authentication authorization login* logon* password* credential* unauthori* forbidden
  permission* access_denied denied intrusion* security brute* bruteforce attack* breach* malware
  virus rootkit rogue* unknown_device* vulnerab* cve* ban banned fail2ban crowdsec sudo root_login
  ssh_* token_* tokens exploit* phishing tamper* alarm_triggered anmeldung* zugriff*
  besides: sshd_down ssh_down
certificate: expir* abgelaufen
update: update* upgrade* deploy* rollout* redeploy* version* migration* patch* reboot_required
  package* image_updat* helm argocd flux
network: link links lte wan lan vlan network* vpn wireguard tailscale zerotier tunnel* dns
  nameserver dhcp bridge nic interface* eth[0-9]+ packet* net_drops tcp signal wifi wlan internet
  gateway router ping* icmp route* bgp ntp_unreachable port_scan firewall latency_wan netz*
  verbindung* isp carrier bond modem conntrack upload_speed download_speed
  besides: gateway_timeout bad_gateway
crash_loop: crash_loop* crashloop* restart_loop* restart*_loop restarting restarts restarted_too*
  too_many_restart* frequent*_restart* high_restart* restart_count* restart_limit* start_limit*
  back_off backoff flap* boot_loop keeps_restarting constantly_restarting
  besides: node_rebooted
node: node host machine kubelet evict* preempt* unschedulable failed_scheduling pending
  insufficient* reboot* rebooted kernel_panic kernel cpu load pid_pressure mem load_average swap
  swapping memory ram overcommit* fenc* clock* ntp time_drift knoten rechner hypervisor
  proxmox_node taint*
  besides: service* container* systemd* unit memory_leak entropy node_exporter_down
application: ha_integration* ha_entity* ha_automation* ha_recorder* ha_system_health* integration*
  automation* job* cron* task* recorder* query queries slow* latency* lag* *lag error_rate*
  errors_rate* 5xx 4xx http_error* response_time* high_error* rate_limit* queue* backlog*
  throughput deadline* connections* container_memory* container_cpu* high_cpu* high_memory*
  error_budget* ${THINGS}
  besides: offline unreachable away lost not_responding unavailable_device
network: ${THINGS} *_offline offline
  besides: ${RUNNABLE}
starting: starting start_period warming* initiali* init restarted booting activating
  container_creating
drifted: ${CONFIGURED}_([^_]+_)?${LOST} drift* destroy orphan* out_of_sync
  missing_(service|container|pod|stack)
  besides: target_missing monitor_missing probe
unhealthy: unhealthy un_healthy not_healthy health_check* healthcheck* health_fail* probe probes
  service_critical health_degraded liveness* readiness* probe_fail* probe_warning unresponsive
  not_responding no_response hang* hung frozen freeze stuck deadlock* timeout* timed_out
  service_error container_error app_error pod_error service_degraded container_degraded
  service_slow not_ready notready watchdog_timeout bad_gateway gateway_timeout 502 503 504
  memory_leak check_failed error_state gestoert gestört hängt haengt
  besides: create_container_error run_container_error
down: down exited exit die died dead crash* not_running not_active isnt_running stopped stop killed
  kill sigkill sigsegv segfault core_dump* coredump* gone inactive terminated unreachable
  not_reachable not_available unavailable target_missing service_failed container_failed pod_failed
  unit_failed process_failed app_failed service_offline container_offline pod_offline service_lost
  container_lost connection_refused not_started start_failed start_error failed_to_start
  failed_state systemd_[^_]+_failed websocket* run_container_error create_container_error
  cannot_run ausgefallen ausfall abgestürzt abgestuerzt gestoppt connection_lost disconnected
  heartbeat_missed heartbeat_lost heartbeat_missing missed_heartbeat abort* paused
  besides: exec_die
`;
