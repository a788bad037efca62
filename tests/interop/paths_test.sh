#!/usr/bin/env bash
# Certification paths under odd CAs: fleetmint's verdict is OpenSSL's, and it names who else refuses. Each value of
# some twenty axes alone, and pairs of them: 200 here; PATHS_PAIRS=all takes all (6,701 paths).
source "$(dirname "${BASH_SOURCE[0]}")/../cli/lib.sh"
command -v go >/dev/null || skip 'go is not installed'
command -v python3 >/dev/null || skip 'python3 is not installed'
[[ -e ${FLEETMINT_PATH_VERDICT-} ]] || skip 'no path_verdict: build the tests'
interop=$source_tree/tests/interop
GO111MODULE=off GOCACHE=$PWD/go-cache go build -o judge "$interop/paths.go" "$interop/certificates.go"
mkdir work
python3 "$interop/paths.py" "$FLEETMINT_PATH_VERDICT" ./judge work
