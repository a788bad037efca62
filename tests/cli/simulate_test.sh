#!/usr/bin/env bash
# A simulated fleet of some hosts (tests/history/simulate has 5,000): none is ever without a certificate.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
command -v python3 >/dev/null || skip 'python3 is not installed'
[[ -e $FLEETMINT_SHIM ]] || skip 'the library that sets the clock is not built'
"$source_tree/tests/history/simulate" --binary "$FLEETMINT" --shim "$FLEETMINT_SHIM" --hosts 200 --rounds 14 || exit
