#!/bin/sh
# Installs this host's PEM bundle: checks every file against manifest.jsonl, then puts them in place,
# each one atomically, the key first, and ROOT's trust.pem beside them. Nothing is touched unless all of
# them are right. To RECEIPTS it adds what is in place now, as `fleetmint installed` takes it.
#
# usage: sh install.sh ROOT ENDPOINT TARGET_DIRECTORY [RECEIPTS]
set -eu
case $# in
3 | 4) ;;
*)
  echo "usage: sh install.sh ROOT ENDPOINT TARGET_DIRECTORY [RECEIPTS]" >&2
  exit 2
  ;;
esac
root=$1 endpoint=$2 target=$3 receipts=${4-}
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
[ ! -e "$root/trust.pem" ] || cp "$root/trust.pem" "$new/trust.pem"
printf '%s\n' "$files" | while read -r sha path; do
  mv "$new/${path##*/}" "$target/${path##*/}"
  echo "installed $target/${path##*/}"
done
[ ! -e "$new/trust.pem" ] || mv "$new/trust.pem" "$target/trust.pem"

# receipt KEY FILE: a line for each certificate of FILE, with its SHA-256.
receipt() {
  awk '/^-----BEGIN/ { text = ""; next } /^-----END/ { print text; next } { text = text $0 }' "$2" |
    while read -r text; do
      printf '{"endpoint":"%s","%s":"%s","time":"%s"}\n' "$endpoint" "$1" \
        "$(printf '%s' "$text" | base64 -d | sha256sum | cut -c 1-64)" "$(date -u +%Y-%m-%dT%H:%M:%SZ)"
    done
}
[ -z "$receipts" ] || {
  printf '%s\n' "$files" | while read -r sha path; do
    case $path in *.crt.pem) receipt sha256 "$target/${path##*/}" ;; esac
  done
  [ ! -e "$target/trust.pem" ] || receipt trust "$target/trust.pem"
} >>"$receipts"
