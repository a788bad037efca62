#!/usr/bin/env bash
# The strict YAML reader against one of another make, the npm package `yaml`: every example is damaged at each
# byte, and what both read is compared. A part of it; FLEETMINT_YAML_EVERY=1 is the whole. The package is in
# FLEETMINT_NPM_CACHE, or npm gets it there. (Debian's node-yaml is 2.1.3, which takes some of YAML for something else.)
source "$(dirname "${BASH_SOURCE[0]}")/../cli/lib.sh"
: "${FLEETMINT_YAML_TREE:=$(dirname "$FLEETMINT")/tests/yaml_tree}"
: "${FLEETMINT_YAML_EVERY:=47}"  # of the 24 damages of a byte each in its turn
: "${FLEETMINT_NPM_CACHE:=$work/npm}"
[[ -x $(command -v node) ]] || skip 'node is not installed'
export NODE_PATH=$FLEETMINT_NPM_CACHE/node_modules
if [[ ! -d $NODE_PATH/yaml ]]; then
  [[ -x $(command -v npm) ]] || skip 'npm is not installed'
  npm install --prefix "$FLEETMINT_NPM_CACHE" --no-save --no-audit --no-fund --ignore-scripts yaml@2 >npm.log 2>&1 ||
    skip "npm cannot install the package: $(tail -n 1 npm.log)"
fi
here=$source_tree/tests/interop
node "$here/yaml_compare.js" trees "$FLEETMINT_YAML_TREE" "$FLEETMINT_YAML_EVERY" "$here"/yaml/*.yaml \
  "$source_tree"/inventory/examples/*.yaml "$source_tree"/profiles/catalog/*.yaml || fail 'the trees differ'
node "$here/yaml_compare.js" check "$FLEETMINT" $((FLEETMINT_YAML_EVERY * 25)) "$source_tree"/inventory/examples/*.yaml ||
  fail 'check differs'
