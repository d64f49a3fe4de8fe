#!/bin/sh
# Runs as root in the booted guest: installs the agent and tries what matters on a node. One line a
# check; the exit status is the number of checks that failed.
# shellcheck disable=SC2317 # The functions are called through check.
set -u

kit=/opt/planner-agent
lab=/opt/homelab
unit=planner-agent.service
hold=/run/ollama-hold
failed=0

# check NAME COMMAND...: says whether the command succeeded.
check() {
  label=$1
  shift
  if "$@" >/tmp/check.out 2>&1; then
    echo "ok      $label"
  else
    echo "FAILED  $label"
    sed 's/^/        /' /tmp/check.out | tail -n 15
    failed=$((failed + 1))
  fi
}

# Says how it went and ends.
finish() {
  if [ "$failed" -gt 0 ]; then
    echo "--- the agent's journal"
    journalctl -b -u $unit --no-pager -o short-monotonic | tail -n 60 | cut -c1-400
  fi
  echo "$failed failed"
  exit "$failed"
}

# need NAME COMMAND...: a check that the ones behind it would mean nothing without.
need() {
  failed_before=$failed
  check "$@"
  [ "$failed" -eq "$failed_before" ] || finish
}

# within SECONDS COMMAND...: tries until it succeeds.
within() {
  left=$(($1 * 2))
  shift
  until "$@"; do
    left=$((left - 1))
    [ "$left" -gt 0 ] || return 1
    sleep 0.5
  done
}

refused() { ! "$@"; }
show() { systemctl show --value -p "$1" "$unit"; }
active() { [ "$(show ActiveState)" = active ]; }
as() {
  user=$1
  shift
  runuser -u "$user" -- "$@"
}
logged() { journalctl -b -u "$unit" -o cat --no-pager | grep -c "\"event\":\"$1\""; }
has_logged() { [ "$(logged "$1")" -ge "$2" ]; }
subscribed() { [ "$(redis-cli PUBSUB NUMSUB health_events 2>/dev/null | tail -n 1)" = 1 ]; }
pending() { find "$lab/actions/pending" -name 'plan-*.json' | wc -l; }
pending_is() { [ "$(pending)" -eq "$1" ]; }
# event SERVICE: publishes that it is unhealthy.
event() {
  redis-cli PUBLISH health_events \
    "{\"event_type\":\"service_unhealthy\",\"severity\":\"error\",\"node\":\"piha\",\"service\":\"$1\",\"timestamp\":$(date +%s)}" \
    >/dev/null
}
replaced() { [ "$(show MainPID)" != "$1" ] && [ "$(show MainPID)" != 0 ] && active; }

echo "kernel $(uname -r), pages of $(getconf PAGESIZE) bytes, $(systemctl --version | head -n 1)"
check "the kernel has 16 KB pages" [ "$(getconf PAGESIZE)" -eq 16384 ]

# --- installing --------------------------------------------------------------------------------
useradd --system --shell /bin/sh executor
need "install.sh installs" "$kit/install.sh" --executor executor
check "install.sh again: nothing to do" sh -c "'$kit/install.sh' --executor executor | grep -q 'Nothing to do'"
echo NODE_NAME=piha >>/etc/planner-agent/planner-agent.env
# Shorter waits than on a node; nothing else differs from what install.sh put there.
mkdir -p /etc/systemd/system/$unit.d
printf '[Service]\nWatchdogSec=20\nRestartSec=1\n' >/etc/systemd/system/$unit.d/20-boot-test.conf
systemctl daemon-reload
check "systemd-analyze verify" systemd-analyze verify /etc/systemd/system/$unit

# --- without Redis -----------------------------------------------------------------------------
check "Redis is down" refused redis-cli PING
# What install.sh left in the page cache would not count as the unit's memory.
sync
echo 3 >/proc/sys/vm/drop_caches
need "the unit starts without Redis" systemctl start $unit
check "the unit is active" active
echo "        status: $(show StatusText)"
check "the binary proves its limits" as planner-agent /usr/local/bin/planner-agent permissions --prove

# --- an event becomes a proposal ---------------------------------------------------------------
systemd-run --quiet --unit=ollama-stand-in python3 "$kit/ollama.py" "$hold"
systemctl start redis-server
need "the agent subscribes once Redis is up" within 90 subscribed
event mosquitto
need "an event becomes a proposal" within 60 pending_is 1
file=$(find "$lab/actions/pending" -name 'plan-*.json' | head -n 1)
name=$(basename "${file:-none}")
echo "        $(stat -c '%A %U:%G %n' "$file" 2>&1)"
echo "        status: $(show StatusText)"

# --- who may do what ---------------------------------------------------------------------------
need "the executor reads the proposal" as executor cat "$file"
check "another user does not" refused as nobody cat "$file"
check "the agent's user cannot write to approved" \
  refused as planner-agent touch "$lab/actions/approved/x"
check "the agent's user cannot move its proposal to approved" \
  refused as planner-agent mv "$file" "$lab/actions/approved/"
check "the executor moves the proposal to approved" as executor mv "$file" "$lab/actions/approved/"
check "it lies there" [ -f "$lab/actions/approved/$name" ]
check "the executor writes beside the agent's events" \
  as executor sh -c "mkdir -p '$lab/events/$(date -u +%F)/executor' && touch '$lab/events/$(date -u +%F)/executor/x'"
# The unit's own view of the disk; nothing but the agent may be started in it.
inside=/proc/$(show MainPID)/root
need "inside the unit its folders can be written" \
  touch "$inside$lab/state/x" "$inside$lab/events/x" "$inside$lab/actions/pending/x"
check "inside the unit the approved proposal cannot be written, not even by root" \
  refused sh -c "echo x >>'$inside$lab/actions/approved/$name'"
check "inside the unit the password file is out of sight" \
  refused cat "$inside/etc/planner-agent/planner-agent.env"
check "inside the unit /etc cannot be written" refused touch "$inside/etc/x"
check "inside the unit /usr cannot be written" refused touch "$inside/usr/x"

memory=$(show MemoryCurrent)
stat=/sys/fs/cgroup$(show ControlGroup)/memory.stat
echo "        memory: $((memory / 1024)) KiB, of it" \
  "$(sed -n 's/^\(anon\|file\) \([0-9]*\)$/\1 \2/p' "$stat" | awk '{ printf "%s %d KiB ", $1, $2 / 1024 }')"
check "MemoryCurrent is at most 80 MiB" [ "$memory" -le 83886080 ]

# --- signals -----------------------------------------------------------------------------------
pid=$(show MainPID)
for signal in QUIT USR1 USR2; do systemctl kill -s "$signal" $unit; done
check "SIGQUIT, SIGUSR1 and SIGUSR2 end nothing" within 20 has_logged signal_ignored 3
echo '{"rules": [' >"$lab/config/policy.json"
systemctl kill -s HUP $unit
check "SIGHUP with a wrong policy says so" within 20 has_logged config_invalid 1
rm "$lab/config/policy.json"
systemctl kill -s HUP $unit
check "SIGHUP reads config/ anew" within 20 has_logged config_reloaded 1
check "and the agent is the same" [ "$(show MainPID)" = "$pid" ]

# --- a Redis that sends what no Redis sends ----------------------------------------------------
systemctl stop redis-server
systemd-run --quiet --unit=broken-redis python3 "$kit/broken_redis.py"
malformed() { journalctl -b -u "$unit" -o cat --no-pager | grep -cE '"reason":"(protocol|too_large)"'; }
check "malformed replies end connections" within 60 sh -c "
  [ \"\$(journalctl -b -u $unit -o cat --no-pager | grep -cE '\"reason\":\"(protocol|too_large)\"')\" -ge 3 ]"
echo "        connections that ended so: $(malformed)"
check "and not the agent" [ "$(show MainPID)" = "$pid" ]
systemctl stop broken-redis
systemctl start redis-server
check "the agent subscribes again" within 90 subscribed

# --- an entry of 100 MB ------------------------------------------------------------------------
printf 'INTAKE=streams\nCOORDINATION=off\n' >>/etc/planner-agent/planner-agent.env
systemctl restart $unit
need "the agent reads streams" within 60 has_logged streams_reading 1
pid=$(show MainPID)
head -c 104857600 /dev/zero | redis-cli -x XADD health_events '*' data >/dev/null
redis-cli XADD health_events '*' data \
  '{"event_type":"service_unhealthy","severity":"error","node":"piha","service":"behind"}' >/dev/null
buried() { [ "$(redis-cli XLEN health_events:dead)" = 1 ]; }
behind() { set -- "$lab"/actions/pending/plan-piha-behind*; [ -e "$1" ]; }
check "an entry of 100 MB is buried by its id" within 120 buried
check "what is behind it becomes a proposal" within 60 behind
check "and the agent is the same" [ "$(show MainPID)" = "$pid" ]
echo "        memory at its peak: $(($(cat "/sys/fs/cgroup$(show ControlGroup)/memory.peak") / 1024)) KiB"
check "its memory stayed under 192 MiB" \
  [ "$(cat "/sys/fs/cgroup$(show ControlGroup)/memory.peak")" -lt 201326592 ]
redis-cli DEL health_events health_events:dead >/dev/null
rm -f "$lab"/actions/pending/plan-piha-behind*.json
sed -i '/^INTAKE=/d; /^COORDINATION=/d' /etc/planner-agent/planner-agent.env

# --- an output that nobody reads ---------------------------------------------------------------
systemctl stop $unit
mkfifo /run/unread
chmod 0666 /run/unread
# It opens the pipe to read, and never does.
# shellcheck disable=SC2217
sleep 3600 </run/unread &
reader=$!
systemd-run --quiet --unit=unread --uid=planner-agent --gid=homelab \
  --setenv=NODE_NAME=piha --setenv=LOG_LEVEL=debug sh -c 'exec /usr/local/bin/planner-agent run >/run/unread'
need "an agent whose output nobody reads subscribes" within 60 subscribed
for _ in $(seq 1200); do
  echo "PUBLISH health_events \"no event $(head -c 90 /dev/zero | tr '\0' x)$_\""
done | redis-cli >/dev/null
event unread
unread() { set -- "$lab"/actions/pending/plan-piha-unread*; [ -e "$1" ]; }
check "it proposes all the same" within 60 unread
check "and its output is still unread" kill -0 "$reader"
unread_pid=$(systemctl show --value -p MainPID unread)
kill -TERM "$unread_pid"
gone() { ! kill -0 "$unread_pid" 2>/dev/null; }
check "and stops when it is told to" within 20 gone
kill "$reader"
rm -f "$lab"/actions/pending/plan-piha-unread*.json
systemctl start $unit
check "the unit's own agent subscribes" within 60 subscribed

# --- a hang ------------------------------------------------------------------------------------
pid=$(show MainPID)
kill -STOP "$pid"
need "the watchdog ends a stopped agent and systemd starts another" within 120 replaced "$pid"
check "the journal says so" sh -c "journalctl -b -u $unit --no-pager | grep -qi 'watchdog timeout'"
check "the new one subscribes" within 60 subscribed

# --- kill -9 -----------------------------------------------------------------------------------
touch "$hold"
accepted=$(logged event_received)
for service in zigbee2mqtt grafana nextcloud; do event "$service"; done
need "three events are accepted while the model is busy" within 60 has_logged event_received $((accepted + 3))
pid=$(show MainPID)
kill -KILL "$pid"
check "systemd starts another after kill -9" within 60 replaced "$pid"
rm -f "$hold"
check "each of the three has its proposal" within 120 pending_is 3
sleep 3
check "and none has two" pending_is 3

# --- the end -----------------------------------------------------------------------------------
check "the unit is active to the end" active
echo "        $(systemd-analyze security --no-pager $unit 2>/dev/null | tail -n 1)"
check "exposure is at most 1.2" systemd-analyze security --no-pager --threshold=12 $unit
check "it stops" systemctl stop $unit
check "the stop was clean" [ "$(show Result) $(show ExecMainStatus)" = "success 0" ]
denials() {
  journalctl -b --no-pager | grep -iE 'type=1326|apparmor="DENIED"' && return 0
  journalctl -b -u "$unit" --no-pager |
    grep -iE 'NotCapable|PermissionDenied|not permitted|permission denied|sd_notify_failed|read-only file'
}
check "no denial in the journal" refused denials

finish
