#!/usr/bin/env bash
# The README's tour, word by word: its fleet file and its commands, taken from the README itself.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
readme=$source_tree/README.md
mkdir build safe
ln -s "$FLEETMINT" build/fleetmint

awk '/^```yaml/ {inside = 1; next} /^```/ {inside = 0} inside' "$readme" >fleet.yaml
grep -q '^fleet: acme-agents' fleet.yaml || fail 'the README has no fleet file'

# The lines of the tour's command blocks; the offline place and the recipient are the reader's own.
awk '/^## Five minutes/ {tour = 1} /^## The fleet file/ {tour = 0}
     /^```$/ {inside = !inside; next} /^```yaml/ {inside = 1; yaml = 1; next}
     !inside {yaml = 0} tour && inside && !yaml' "$readme" |
  grep -E '^(\(umask|build/fleetmint|mv )' >commands
equal "$(grep -c . commands)" 19
while read -r line; do
  case $line in
    *'ca import'* | *'ca request'* | *'ca install'*) continue ;; # tried in interop/own_ca_test.sh
    *--age*)
      command -v age >/dev/null || continue
      age-keygen -o age.key 2>age.recipient
      line=${line/age1.../$(grep -o 'age1[a-z0-9]*' age.recipient)}
      ;;
  esac
  [[ $line != *receipts.jsonl* ]] || jq -c 'select(.endpoint == "ws-0003") | {endpoint, sha1}' out/manifest.jsonl >receipts.jsonl
  bash -c "${line//\/media\/safe\//safe/}" >stdout 2>stderr </dev/null || fail "the README's command fails: $line"
done <commands
equal "$(wc -l <out/manifest.jsonl)" 22  # one was retired
[[ ! -e age.key ]] || equal "$(age -d -i age.key passwords.csv.age | wc -l)" 24

# What it says of a misspelled key.
sed 's/^profile:/proflie:/' fleet.yaml >misspelled.yaml
run 2 check misspelled.yaml
says "misspelled.yaml:2:1: unknown key 'proflie'"
says "hint: did you mean 'profile'?"

# Every command and every manifest field it names exists, and none is left out.
for name in $("$FLEETMINT" --help | awk '/^Subcommands/ {on = 1; next} /^[^ ]/ {on = 0} on && /^  [a-z]/ {print $1}'); do
  grep -qw -- "$name" "$readme" || fail "the README does not name the command $name"
done
for field in $(head -n 1 out/manifest.jsonl | jq -r 'keys[]'); do
  grep -qw -- "$field" "$readme" || fail "the README does not name the manifest's field $field"
done
