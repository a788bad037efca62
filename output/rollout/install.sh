#!/bin/sh
# Installs this host's PEM bundle: checks every file against manifest.jsonl, then puts them in place,
# each one atomically, the key first. Nothing is touched unless all of them are right.
#
# usage: sh install.sh ROOT ENDPOINT TARGET_DIRECTORY
set -eu
[ $# = 3 ] || { echo "usage: sh install.sh ROOT ENDPOINT TARGET_DIRECTORY" >&2; exit 2; }
root=$1 endpoint=$2 target=$3
umask 077

line=$(grep -i -F "{\"endpoint\":\"$endpoint\"," "$root/manifest.jsonl") || {
  echo "install.sh: endpoint '$endpoint' is not in $root/manifest.jsonl" >&2
  exit 1
}
case $line in
*'"state":"revoked"'*)
  echo "install.sh: the certificate of '$endpoint' was revoked: nothing is installed" >&2
  exit 1
  ;;
esac
files=$(printf '%s\n' "$line" | sed 's/.*"files":\[//; s/\].*//' | tr '{' '\n' |
  sed -n 's/^"path":"\([^"]*\.pem\)".*"sha256":"\([0-9a-f]*\)".*/\2 \1/p')
[ -n "$files" ] || { echo "install.sh: the bundle of '$endpoint' has no PEM files" >&2; exit 1; }

mkdir -p "$target"
new=$(mktemp -d "$target/.install.XXXXXX")
trap 'rm -rf "$new"' EXIT
trap 'exit 130' HUP INT TERM
printf '%s\n' "$files" | while read -r sha path; do
  cp "$root/$path" "$new/${path##*/}"
  printf '%s  %s\n' "$sha" "$new/${path##*/}" | sha256sum --check --quiet || exit 1
done
printf '%s\n' "$files" | while read -r sha path; do
  mv "$new/${path##*/}" "$target/${path##*/}"
  echo "installed $target/${path##*/}"
done
