#!/usr/bin/env bash
# The README's job for continuous integration: its shell lines, word by word.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
command -v curl >/dev/null || skip 'curl is not installed'
awk '/^```yml/ {inside = 1; next} /^```/ {inside = 0} inside && /- run: \|/ {lines = 1; next} inside && lines' \
  "$source_tree/README.md" | sed 's/^          //' >job.sh
equal "$(grep -c . job.sh)" 9
ln -s "$FLEETMINT" fleetmint
port=$((20000 + RANDOM % 20000))
sed -i "s/8443/$port/g" job.sh
# As the runners do: bash -e; what the job has started ends with it.
PATH=$work:$PATH setsid --wait bash -e job.sh >stdout 2>stderr </dev/null && code=0 || code=$?
pkill -f -- "-accept $port" || true
equal "$code" 0
# It would notice: a host that is refused, or a fault that is accepted.
for change in 's/ask host-0002/ask revoked/' 's/! ask \$bad/ask $bad/' 's/ -crl_check//'; do
  rm -rf fleet
  sed "$change" job.sh >broken.sh
  ! cmp -s job.sh broken.sh || fail "the README has no line for: $change"
  PATH=$work:$PATH setsid --wait bash -e broken.sh >stdout 2>stderr </dev/null && code=0 || code=$?
  pkill -f -- "-accept $port" || true
  [[ $code != 0 ]] || fail "the job does not notice: $change"
done
echo "the README's job works"
