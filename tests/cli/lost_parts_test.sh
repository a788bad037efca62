#!/usr/bin/env bash
# What an output keeps of itself is lost (.fleetmint, .head, .runs/), or damaged: who follows the hints gets the
# output back, and nothing that was issued is issued anew.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
fast_ca ca
fast_fleet fleet.yaml 'ws-[1-3]'
layout=flat
for layout in flat hashed; do
  run 0 issue fleet.yaml --profiles profiles.d --ca ca --out out --layout $layout
  fast_fleet fleet.yaml 'ws-[1-4]'  # two runs: the head's and an older one
  run 0 issue fleet.yaml --profiles profiles.d --ca ca --out out
  rm -rf good
  cp -a out good
  issue=(issue fleet.yaml --profiles profiles.d --ca ca --out out)

  # healed [BUNDLES]: the output is used as before, and so many bundles were issued anew.
  healed() {
    run 0 "${issue[@]}" --replace-damaged --json
    equal "$(jq -r .issued stdout)" "${1-0}"
    run 0 "${issue[@]}"
    run 0 verify --ca ca --out out
    run 0 manifest --ca ca --out out
    run 0 delivered ws-1 --ca ca --out out
    [[ ${1-0} != 0 ]] || equal "$(cd out && find bundles -type f | sort)" "$(cd good && find bundles -type f | sort)"
    rm -rf out ca
    cp -a good out
    cp -a goodca ca
  }
  rm -rf goodca
  cp -a ca goodca

  # .fleetmint is lost: every command says so, and what writes it again.
  rm out/.fleetmint
  run 2 "${issue[@]}"
  says "output 'out' has lost its .fleetmint"
  says 'hint: restore the file from a backup; where there is none, `fleetmint issue FLEET --replace-damaged`'
  for command in manifest delivered; do
    run 1 $command --ca ca --out out
    says "output 'out' has lost its .fleetmint"
    says '--replace-damaged'
  done
  run 1 verify --ca ca --out out
  prints "output 'out' has lost its .fleetmint (restore the file from a backup; where there is none, \`fleetmint issue FLEET --replace-damaged\`"
  healed

  # It is damaged: the hint is to remove it, and then the same.
  for text in '' 'authority: x' '{' "$(sed 's/^layout:.*/layout: x/' out/.fleetmint)"; do
    printf '%s' "$text" >out/.fleetmint
    run 2 "${issue[@]}" --replace-damaged
    says 'where there is none, remove it, and `fleetmint issue FLEET --replace-damaged`'
    rm out/.fleetmint
    healed
  done
  rm out/.fleetmint
  mkdir out/.fleetmint
  run 3 "${issue[@]}"
  says 'hint: move that directory away and run the same command again'
  rmdir out/.fleetmint
  healed

  # .head: it is written again.
  rm out/.head
  healed
  # .runs/: the output seems an old copy.
  rm -r out/.runs
  run 2 "${issue[@]}"
  says 'is an old copy'
  says "remove 'out/.head' and let \`issue --replace-damaged\`"
  rm out/.head
  healed
  rm "out/.runs/$(cat out/.head)"
  run 2 verify --ca ca --out out
  rm out/.head
  healed
  # .head is damaged, or a directory.
  echo nonsense >out/.head
  run 2 verify --ca ca --out out
  says 'hint: move it away'
  rm out/.head
  healed
  rm out/.head
  mkdir out/.head
  run 2 verify --ca ca --out out
  rmdir out/.head
  healed
  # All at once; and the bundles.
  rm -r out/.fleetmint out/.head out/.runs
  run 2 "${issue[@]}"  # too little is left to be told from any other directory
  mkdir out/.runs
  healed
  rm -r out/.fleetmint out/bundles
  mkdir out/bundles
  healed 4

  # Another output's parts are refused: its runs are unknown.
  fast_fleet other.yaml 'x-[1-2]' other
  run 0 issue other.yaml --profiles profiles.d --ca ca --out other
  rm other/.fleetmint
  run 2 issue fleet.yaml --profiles profiles.d --ca ca --out other --replace-damaged
  says 'holds what this ledger does not know'
  rm -rf out other ca
  fast_ca ca
  fast_fleet fleet.yaml 'ws-[1-3]'
done
