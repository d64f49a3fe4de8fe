#!/bin/sh
# Installs planner-agent on a node: user, group, folders, binary, unit, settings file. Safe to run
# again: it changes only what is not as it should be. `--help` tells the rest.
set -eu
umask 022

usage() {
  cat <<'USAGE'
Usage: install.sh [OPTION]...
  --binary FILE     binary to install (default: planner-agent-ARCH beside this script or in dist/)
  --executor USER   owner of actions/approved and the others that the agent must not write
                    (default: root for new folders, existing ones keep their owner)
  --group NAME      group shared by agent and executor (default: homelab)
  --root DIR        install into this root folder (an image, a test) instead of /
  --packaged        a package put binary, unit and settings file in place; the rest is done
  --dry-run         print what would be done, change nothing
  --uninstall       remove binary, unit and its settings; folders, data, password file, user stay
  --help            this text
The hosts and the folder come from the manifest, FILE.json, that the build wrote beside the binary.
USAGE
}

say() { printf '%s\n' "$*"; }
warn() { printf 'install.sh: %s\n' "$*" >&2; }
fail() { warn "$*"; exit 1; }
usage_error() { warn "$*"; usage >&2; exit 2; }

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
binary='' executor='' group=homelab root='' dry_run=no uninstall=no packaged=no
user=planner-agent

while [ $# -gt 0 ]; do
  case $1 in
    --binary | --executor | --group | --root)
      if [ $# -lt 2 ] || [ -z "$2" ]; then usage_error "$1 needs a value"; fi
      case $1 in
        --binary) binary=$2 ;;
        --executor) executor=$2 ;;
        --group) group=$2 ;;
        --root) root=${2%/} ;;
      esac
      shift
      ;;
    --packaged) packaged=yes ;;
    --dry-run) dry_run=yes ;;
    --uninstall) uninstall=yes ;;
    --help | -h) usage; exit 0 ;;
    *) usage_error "unknown option $1" ;;
  esac
  shift
done

for name in "$group" ${executor:+"$executor"}; do
  case $name in
    *[!A-Za-z0-9._-]* | -*) usage_error "not a user or group name: $name" ;;
    *[!0-9]*) ;;
    *) usage_error "not a user or group name: $name" ;;
  esac
done
[ "$executor" != "$user" ] || usage_error "--executor $user: the agent must not own those folders"
[ -z "$root" ] || [ -d "$root" ] || fail "--root $root: no such folder"
# Other programs take no relative root, and a name that begins with a dash for an option.
[ -z "$root" ] || root=$(CDPATH='' cd -- "$root" && pwd -P)
case $binary in '' | /*) ;; *) binary=$PWD/$binary ;; esac
for name in passwd group; do
  [ -z "$root" ] || [ -f "$root/etc/$name" ] ||
    fail "--root $root: it has no etc/$name, so no user can be made there; is it a system image?"
done
[ "$dry_run" = yes ] || [ "$(id -u)" -eq 0 ] || fail "run this as root (or with --dry-run)"

bin_path=/usr/local/bin/planner-agent
unit_path=/etc/systemd/system/planner-agent.service
site_path=$unit_path.d/10-site.conf
env_path=/etc/planner-agent/planner-agent.env
changes=0

# An image's links mean places in the image; followed from here they may lead out of it.
inside() {
  [ -n "$root" ] || return 0
  led=$(realpath -m -- "$root$1")
  case $led in
    "$root"/*) ;;
    *) fail "$root$1 leads to $led, out of --root, by a link: make that link a relative one" ;;
  esac
}
for path in /etc/passwd /etc/group "${bin_path%/*}" "${unit_path%/*}" "${site_path%/*}" "$env_path"; do
  inside "$path"
done

# Says what it does, and does it unless this is a dry run.
run() {
  changes=$((changes + 1))
  say "$*"
  [ "$dry_run" = yes ] || "$@"
}

live() { [ -z "$root" ] && [ -d /run/systemd/system ]; }

# --- taking it away ----------------------------------------------------------------------------

if [ "$uninstall" = yes ]; then
  if live && [ -e "$unit_path" ]; then
    run systemctl disable --now planner-agent.service
  fi
  for path in "$bin_path" "$bin_path.previous" "$unit_path" "$site_path"; do
    if [ -e "$root$path" ] || [ -L "$root$path" ]; then run rm -f "$root$path"; fi
  done
  [ ! -d "$root$unit_path.d" ] || run rmdir --ignore-fail-on-non-empty "$root$unit_path.d"
  if live && [ "$changes" -gt 0 ]; then run systemctl daemon-reload; fi
  say "Kept: the folders with their data, $env_path, user $user and group $group."
  exit 0
fi

# --- what to install ---------------------------------------------------------------------------

if [ "$packaged" = yes ]; then
  [ "$group" = homelab ] || usage_error "--group: the unit of the package has homelab"
  binary=$here/planner-agent
fi
if [ -z "$binary" ]; then
  arch=$(uname -m)
  for folder in "$here" "$here/../dist"; do
    if [ -f "$folder/planner-agent-$arch" ]; then
      binary=$folder/planner-agent-$arch
      break
    fi
  done
  [ -n "$binary" ] || fail "no planner-agent-$arch beside this script or in dist/: give --binary FILE"
fi
[ -f "$binary" ] || fail "--binary $binary: no such file"
[ -f "$binary.json" ] || fail "$binary.json is missing: the build writes it beside the binary"
[ -f "$here/planner-agent.service" ] || fail "planner-agent.service is missing beside this script"

# The manifest has one value a line. Nothing of it goes into a unit or a command unchecked.
manifest_list() {
  sed -n "/\"$1\": \\[\$/,/^ *\\],\\{0,1\\}\$/s/^ *\"\\([^\"]*\\)\",\\{0,1\\}\$/\\1/p" "$binary.json"
}
manifest_value() {
  sed -n "s/^ *\"$1\": \"\([^\"]*\)\",\{0,1\}\$/\1/p" "$binary.json"
}
runtime=$(manifest_value runtime_path)
redis_url=$(manifest_value redis_url)
ollama_host=$(manifest_list ollama_hosts | head -n 1)
hosts=$(manifest_list net)
collector=$(manifest_value otel_endpoint)
case $runtime in
  /*[!A-Za-z0-9._+@/-]*) fail "$binary.json: a folder with such a name needs a unit of its own: $runtime" ;;
  /?*) ;;
  *) fail "$binary.json: no runtime_path in it" ;;
esac
case $runtime/ in
  /home/* | /root/* | /tmp/* | /var/tmp/* | /proc/* | /sys/* | /dev/* | /run/*)
    fail "$runtime: the unit hides that part of the file system; build for another folder"
    ;;
esac
inside "$runtime"
for value in "$redis_url" "$ollama_host"; do
  case $value in
    *[!A-Za-z0-9._:/+,?=[\]-]* | '') fail "$binary.json: cannot take this redis_url or ollama_hosts: '$value'" ;;
  esac
done
[ -n "$hosts" ] || fail "$binary.json: no hosts under net in it"
# A build with traces: its collector is a host like the others.
if [ -n "$collector" ]; then
  case $collector in
    *[!A-Za-z0-9._~:/[\]-]*) fail "$binary.json: cannot take this otel_endpoint: '$collector'" ;;
    http://?* | https://?*) ;;
    *) fail "$binary.json: cannot take this otel_endpoint: '$collector'" ;;
  esac
  collector_host=${collector#*://}
  collector_host=${collector_host%%/*}
  case $collector_host in
    *]) collector_host=$collector_host:0 ;;
    *]:* | [!\[]*:*) ;;
    *) collector_host=$collector_host:0 ;;
  esac
  hosts="$hosts $collector_host"
fi

recorded=$(manifest_value sha256)
actual=$(sha256sum "$binary" | cut -d' ' -f1)
[ "$recorded" = "$actual" ] || fail "$binary does not have the checksum in $binary.json"

# --- user and group ----------------------------------------------------------------------------

# field FILE NAME N: of NAME's line in the root's own passwd or group file.
field() { awk -F: -v name="$2" -v nth="$3" '$1 == name { print $nth; exit }' "$root/etc/$1"; }
prefix=${root:+--prefix=$root}

# On a live system names may come from elsewhere than the files.
group_id() { if [ -z "$root" ]; then getent group "$1" | cut -d: -f3; else field group "$1" 3; fi; }
user_id() { if [ -z "$root" ]; then getent passwd "$1" | cut -d: -f3; else field passwd "$1" 3; fi; }

if [ -z "$(group_id "$group")" ]; then
  run groupadd ${prefix:+"$prefix"} --system "$group"
fi
if [ -z "$(user_id "$user")" ]; then
  run useradd ${prefix:+"$prefix"} --system --gid "$group" --no-create-home \
    --home-dir /nonexistent --shell /usr/sbin/nologin --comment planner-agent "$user"
fi
gid=$(group_id "$group") uid=$(user_id "$user") executor_uid=0
if [ -n "$executor" ]; then
  executor_uid=$(user_id "$executor")
  [ -n "$executor_uid" ] || fail "--executor $executor: no such user${root:+ in $root/etc/passwd}"
fi
# A dry run on a fresh system has no ids yet.
: "${gid:=$group}" "${uid:=$user}"
[ "$executor_uid" != "$uid" ] || {
  fail "--executor ${executor:-root} and $user are the same user (id $uid): the agent must not own" \
    "what was approved"
}
[ "$uid" != 0 ] || fail "$user has the id 0: the agent must not be root"
[ "$gid" != 0 ] || fail "--group $group has the id 0: the agent must not be in root's group"

# groups_of NAME: the ids of all groups that a user is in, with a blank around each.
groups_of() {
  [ -n "$1" ] || return 0
  if [ -z "$root" ]; then id -G "$1" 2>/dev/null || true; else
    field passwd "$1" 4
    awk -F: -v user="$1" 'index("," $4 ",", "," user ",") { print $3 }' "$root/etc/group"
  fi | tr '\n' ' ' | sed 's/^/ /'
}
is_member() { case "$(groups_of "$1")" in *" $gid "*) true ;; *) false ;; esac; }
agent_gids=" $gid$(groups_of "$user")"

# --- folders -----------------------------------------------------------------------------------

# folder PATH UID GID MODE: makes it, or mends owner and mode where they differ.
folder() {
  path=$root$1
  if [ -L "$path" ]; then fail "$path is a symbolic link: a folder is needed there"; fi
  [ -d "$path" ] || run mkdir "$path"
  if [ ! -d "$path" ]; then
    say "chown $2:$3 $path; chmod $4 $path"
    return
  fi
  [ "$(stat -c %u:%g "$path")" = "$2:$3" ] || run chown "$2:$3" "$path"
  # chown clears the setgid bit, so the mode comes last.
  [ "$(stat -c %a "$path")" = "$4" ] || run chmod "$4" "$path"
}

# Refuses a folder of the executor that the agent's user could write.
guard() {
  path=$root$1
  if [ -L "$path" ]; then fail "$path is a symbolic link: a folder is needed there"; fi
  owner=$(stat -c %u "$path") folder_gid=$(stat -c %g "$path") mode=$(stat -c %a "$path")
  others=$((0$mode & 2)) members=$((0$mode & 020))
  case $agent_gids in *" $folder_gid "*) ;; *) members=0 ;; esac
  if [ "$owner" = "$uid" ] || [ "$others" -ne 0 ] || [ "$members" -ne 0 ]; then
    fail "$path could be written by $user (owner $owner, group $folder_gid, mode $mode):" \
      "say who approves and executes with --executor USER, and it becomes that user's, mode 2750"
  fi
}

# The name of the user with this id.
name_of() {
  if [ -z "$root" ]; then getent passwd "$1" | cut -d: -f1; else
    awk -F: -v id="$1" '$3 == id { print $1; exit }' "$root/etc/passwd"
  fi
}

parent=$root
rest=${runtime#/}
while [ "$rest" != "${rest#*/}" ]; do
  parent=$parent/${rest%%/*}
  rest=${rest#*/}
  [ -d "$parent" ] || run mkdir "$parent"
done

folder "$runtime" 0 "$gid" 755
folder "$runtime/actions" 0 "$gid" 750
warned=''
for name in approved running completed failed rejected cancelled; do
  path=$runtime/actions/$name
  if [ -d "$root$path" ] && [ -z "$executor" ]; then
    guard "$path"
    if [ "$owner" != 0 ] && [ "$owner" != "$warned" ] && ! is_member "$(name_of "$owner")"; then
      warned=$owner
      warn "$path belongs to user $owner, who is not in the group $group and so cannot reach" \
        "it: say --executor USER, or make that user a member"
    fi
  else
    folder "$path" "$executor_uid" "$gid" 2750
  fi
done
folder "$runtime/actions/pending" "$uid" "$gid" 2770
folder "$runtime/events" "$uid" "$gid" 2770
folder "$runtime/state" "$uid" "$gid" 2750
folder "$runtime/config" 0 "$gid" 2750

# strays PATH [TEST]...: gives the agent's user what a command that was run as root left there. A
# file with another name may be anybody's: it stays as it is.
strays() {
  path=$root$1
  shift
  case $uid in *[!0-9]*) return 0 ;; esac
  [ -d "$path" ] || return 0
  set -- "$path" -xdev -mindepth 1 "$@" ! -user "$uid" '(' -type d -o -links 1 ')'
  [ -z "$(find "$@" -print -quit)" ] || run find "$@" -exec chown -h "$uid:$gid" '{}' +
}
strays "$runtime/state"
# The group may put files of its own here; in the folders the agent has to write.
strays "$runtime/events" -type d

if [ "$executor_uid" != 0 ] && ! is_member "$executor"; then
  run usermod ${prefix:+"$prefix"} --append --groups "$group" "$executor" ||
    fail "$executor is not in the group $group yet: make it a member where this machine's users" \
      "come from, and run this again"
fi

# --- files -------------------------------------------------------------------------------------

# put FILE PATH MODE: installs a file of root's where it differs, whole or not at all.
put() {
  path=$root$2
  if [ -L "$path" ] || { [ -e "$path" ] && [ ! -f "$path" ]; }; then
    fail "$path is no file of its own (a folder or a link): move it out of the way"
  fi
  if [ -f "$path" ] && cmp -s "$1" "$path"; then
    [ "$(stat -c %u:%g:%a "$path")" = "0:0:$3" ] && return
  fi
  [ -d "$(dirname "$path")" ] || run mkdir -p "$(dirname "$path")"
  # -T: never into a folder of that name.
  run install -T -o 0 -g 0 -m "0$3" "$1" "$path.new"
  run mv -fT "$path.new" "$path"
}

# What says how the agent runs is root's to say.
for path in "${env_path%/*}" "${site_path%/*}"; do
  if [ -d "$root$path" ] && [ -n "$(find "$root$path" -prune '(' ! -uid 0 -o -perm /022 ')')" ]; then
    run chown 0:0 "$root$path"
    run chmod go-w "$root$path"
  fi
done

upgraded=no
if [ "$packaged" = no ] && [ -f "$root$bin_path" ] && ! cmp -s "$binary" "$root$bin_path"; then
  # The way back: the binary that ran until now.
  run cp -pT --remove-destination "$root$bin_path" "$root$bin_path.previous"
  upgraded=yes
fi
[ "$packaged" = yes ] || put "$binary" "$bin_path" 755

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# The group's name is the node's; the rest of the unit is as shipped.
sed "s/^Group=homelab\$/Group=$group/" "$here/planner-agent.service" >"$scratch/unit"
[ "$packaged" = yes ] || put "$scratch/unit" "$unit_path" 644

is_address() {
  case $1 in
    *:*) true ;;
    *[!0-9.]*) false ;;
    *) true ;;
  esac
}

names=no addresses=''
for entry in $hosts; do
  host=${entry%:*}
  host=${host#\[}
  host=${host%\]}
  case $host in
    '' | *[!A-Za-z0-9._:-]*) fail "$binary.json: not a host: $entry" ;;
  esac
  if is_address "$host"; then
    addresses="$addresses $host"
  elif [ "$host" != localhost ]; then
    names=yes
    found=$(getent ahosts "$host" | awk '{ print $1 }' | sort -u || true)
    if [ -z "$found" ]; then
      warn "$host has no address now: the unit will not let the agent reach it. Run this again" \
        "when the name resolves."
    fi
    addresses="$addresses $found"
  fi
done
if [ "$names" = yes ]; then
  # To look a name up the agent has to reach the resolvers; systemd-resolved's is localhost.
  addresses="$addresses $(sed -n 's/^nameserver  *\([0-9a-fA-F.:]*\).*/\1/p' "$root/etc/resolv.conf" 2>/dev/null || true)"
fi

{
  say "# Written by install.sh from the manifest of the binary; changes here are lost."
  say "[Service]"
  printf '%s\n' "$addresses" | tr -s ' ' '\n' | sort -u | while read -r address; do
    case $address in
      '' | 127.* | ::1) ;; # the unit has localhost
      *) say "IPAddressAllow=$address" ;;
    esac
  done
  # What the binary was built for; the settings file goes before it.
  say "Environment=REDIS_URL=$redis_url"
  say "Environment=OLLAMA_HOST=$ollama_host"
  if [ -n "$collector" ]; then
    say "Environment=OTEL_EXPORTER_OTLP_ENDPOINT=$collector"
    say "Environment=OTEL_SERVICE_NAME=planner-agent"
    # Milliseconds; else a collector that never answers holds the end of the agent up for 30 s.
    say "Environment=OTEL_BSP_EXPORT_TIMEOUT=3000"
  fi
  if [ "$runtime" != /opt/homelab ]; then
    say "Environment=RUNTIME_PATH=$runtime"
    say "ReadWritePaths="
    say "ReadWritePaths=$runtime/actions/pending $runtime/events $runtime/state"
    say "ReadOnlyPaths="
    say "ReadOnlyPaths=$runtime"
    # What the unit hides, but for the folder's own place.
    say "InaccessiblePaths="
    sed -n 's/^InaccessiblePaths=//p' "$here/planner-agent.service" | tr ' ' '\n' |
      while read -r hidden; do
        case $runtime/ in
          "${hidden#-}"/*) ;;
          *) say "InaccessiblePaths=$hidden" ;;
        esac
      done
  fi
} >"$scratch/site"
put "$scratch/site" "$site_path" 644

if [ "$packaged" = yes ]; then
  if live && [ "$changes" -gt 0 ]; then run systemctl daemon-reload; fi
  exit 0
fi
if [ ! -e "$root$env_path" ]; then
  cat >"$scratch/env" <<'ENV'
# Settings of planner-agent, NAME=value a line; docs/configuration.md has the table. This file may hold the
# Redis password: keep it mode 0640 and root's. Hosts and folder are fixed in the binary: another
# one needs another build.
#NODE_NAME=solaria
#REDIS_URL=redis://USER:PASSWORD@HOST:6379
#OLLAMA_HOST=http://HOST:11434
#LLM_CHAIN=qwen2.5:7b,rules
# One proposal a service until a person has decided; 0 is as the Python planner did.
MAX_PENDING_PER_SERVICE=1
# So many services of a node that go bad within a minute are told as one; 0 turns that off.
STORM_SERVICES=5
ENV
  put "$scratch/env" "$env_path" 640
elif [ ! -f "$root$env_path" ]; then
  fail "$root$env_path is no file: move it out of the way"
else
  [ "$(stat -L -c %u:%g:%a "$root$env_path")" = 0:0:640 ] || {
    run chown 0:0 "$root$env_path"
    run chmod 640 "$root$env_path"
  }
fi

# --- what next ---------------------------------------------------------------------------------

if live && [ "$changes" -gt 0 ]; then run systemctl daemon-reload; fi
[ "$changes" -gt 0 ] || say "Nothing to do: all is as it should be."
if [ "$dry_run" = yes ]; then
  say "Dry run: nothing was changed."
  [ "$(id -u)" -eq 0 ] || say "Not as root: what this user may not look into counts as missing."
fi

say ""
say "Next:"
if live && systemctl --quiet is-active planner-agent.service; then
  say "  systemctl restart planner-agent      # the running agent is still the old one"
else
  say "  edit $root$env_path (NODE_NAME, the Redis password)"
  say "  systemctl enable --now planner-agent"
fi
say "  systemctl status planner-agent; journalctl -u planner-agent -f"
[ "$upgraded" = no ] ||
  say "Back again: mv $bin_path.previous $bin_path && systemctl restart planner-agent"
