#!/usr/bin/env bash
# A simulated fleet of some hosts (tests/history/simulate has 5,000): none is ever without a certificate.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
command -v python3 >/dev/null || skip 'python3 is not installed'
[[ -e $FLEETMINT_SHIM ]] || skip 'the library that sets the clock is not built'
simulate=("$source_tree/tests/history/simulate" --binary "$FLEETMINT" --shim "$FLEETMINT_SHIM")
"${simulate[@]}" --hosts 100 --rounds 12 || exit
# Whoever does not wait for receipts leaves hosts without: that has to be seen (`--careless activate` likewise).
! "${simulate[@]}" --hosts 60 --rounds 12 --seed 1 --careless revoke >stdout ||
  fail 'an early revocation was not noticed'
prints 'is revoked'
