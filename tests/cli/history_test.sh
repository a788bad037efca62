#!/usr/bin/env bash
# Some random histories of a fleet against a model (tests/history/run has as many as you like).
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
command -v python3 >/dev/null || skip 'python3 is not installed'
command -v openssl >/dev/null || skip 'openssl is not installed'
"$source_tree/tests/history/run" --binary "$FLEETMINT" --shim "$FLEETMINT_SHIM" --histories "${FLEETMINT_HISTORIES:-8}"
