#!/usr/bin/env bash
# Questions at a terminal: declined, a command has written nothing, printed nothing, and ends with 2; --json or not.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
command -v script >/dev/null || skip 'script (util-linux) is not installed'
fast_ca ca
fast_fleet fleet.yaml 'h-[1-3]'
run 0 issue fleet.yaml --ca ca --out out --profiles profiles.d
fast_fleet fewer.yaml 'h-[1-2]'
run 0 ca rotate --root --ca ca

# answered CODE ANSWER ARGUMENT...: at a terminal; what is printed is in ./stdout, questions in ./terminal.
answered() {
  local wanted=$1 answer=$2 code=0
  shift 2
  printf -v words '%q ' "$FLEETMINT" "$@"
  script -qec "$words >stdout" typescript <<<"$answer" >terminal 2>&1 || code=$?
  [[ $code == "$wanted" ]] || fail "exit code $code instead of $wanted: fleetmint $*: $(cat terminal)"
}
asks() { grep -qF -- "$1" terminal || fail "it was not asked: $1: $(cat terminal)"; }

for json in '' --json; do
  for command in 'revoke h-1' 'retire --not-in fewer.yaml --out out --profiles profiles.d' 'ca activate'; do
    for answer in no '' y; do
      # shellcheck disable=SC2086
      answered 2 "$answer" $command --ca ca $json
      asks 'yes or no: '
      asks 'nothing was '
      [[ ! -s stdout ]] || jq -e 'has("errors")' <stdout >/dev/null || fail "$command, declined, prints: $(cat stdout)"
    done
  done
done
run 0 list --ca ca --json
equal "$(jq -c '[.certificates[].state] | unique' stdout)" '["issued"]'
run 0 ca show --ca ca
prints 'next generation'

# yes is yes, and the result is one JSON object.
answered 0 yes revoke h-1 --ca ca --json
equal "$(jq -c . stdout)" '{"revoked":1,"already":0}'
answered 0 yes retire --not-in fewer.yaml --out out --profiles profiles.d --ca ca --json
equal "$(jq -c .retired stdout)" 1
answered 0 yes ca activate --ca ca --json
equal "$(jq -c .generation stdout)" 2
# --yes is not asked.
answered 0 no revoke h-2 --yes --ca ca --json
equal "$(jq -c .revoked stdout)" 1
