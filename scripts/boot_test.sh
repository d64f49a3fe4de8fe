#!/bin/sh
# Boots a Debian arm64 with systemd on a kernel with 16 KB pages, a Raspberry Pi 5's default, installs
# the compiled agent in it with install.sh and tries what matters on a node (scripts/boot/guest.sh).
#   scripts/boot_test.sh [RIG]
# RIG (or BOOT_RIG) is a script that is called as RIG OVERLAY_DIR GUEST_SCRIPT SECONDS: it boots,
# copies the overlay over the root folder, runs the guest script as root and exits with its status.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
rig=${1:-${BOOT_RIG:-$here/../../shared/rig/boot16k.sh}}
if [ ! -f "$rig" ]; then
  echo "boot_test.sh: no rig at $rig: name one as the argument or in BOOT_RIG" >&2
  exit 2
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# It becomes the guest's root folder, which everyone has to enter.
overlay=$work/overlay
install -d -m 0755 "$overlay" "$overlay/opt" "$overlay/opt/planner-agent"
kit=$overlay/opt/planner-agent

DENORT_BIN=${DENORT_BIN:-$("$here/../.ci/base-binaries.sh" aarch64)}
export DENORT_BIN
"$here/deno" run --frozen --quiet --allow-all "$here/compile.ts" --target aarch64 \
  --redis-url redis://127.0.0.1:6379 --ollama-host http://127.0.0.1:11434 --out "$kit"
cp "$here/install.sh" "$here/planner-agent.service" "$here/boot/ollama.py" \
  "$here/boot/broken_redis.py" "$kit"
chmod -R go+rX "$kit"

bash "$rig" "$overlay" "$here/boot/guest.sh" "${BOOT_SECONDS:-900}"
