#include "output/rollout.h"

namespace fleetmint {
namespace {

constexpr std::string_view kInstallPs1 = R"ps1(<#
.SYNOPSIS
  Installs this host's bundle, then removes the certificates that it supersedes.
.DESCRIPTION
  Reads manifest.jsonl beside the rollout folder. The new certificate is in place before an old one is
  touched; an old one that an http.sys binding still names is left alone, with a warning.
  The PFX is never loaded just to look at it: that would delete a persisted machine key.
.EXAMPLE
  .\Install-FleetmintBundle.ps1 -Root \\share\out -Password (Read-Host -AsSecureString)
#>
[CmdletBinding(SupportsShouldProcess)]
param(
  [string]$Root = (Split-Path -Parent $PSScriptRoot),
  [string]$Endpoint = $env:COMPUTERNAME,
  [Parameter(Mandatory)][securestring]$Password,
  [string]$Store = 'Cert:\LocalMachine\My',
  [switch]$Exportable
)
$ErrorActionPreference = 'Stop'
$line = Get-Content (Join-Path $Root 'manifest.jsonl') | ForEach-Object { $_ | ConvertFrom-Json } |
  Where-Object { $_.endpoint -ieq $Endpoint }
if (-not $line) { throw "endpoint '$Endpoint' is not in the manifest" }
$pfx = Join-Path $Root $line.bundle
$hash = (Get-FileHash -Algorithm SHA256 $pfx).Hash
if ($hash -ine $line.bundle_sha256) { throw "'$pfx' is not the file of the manifest" }
if (Test-Path (Join-Path $Store $line.sha1)) {
  Write-Output "already installed: $($line.sha1)"
} elseif ($PSCmdlet.ShouldProcess($Endpoint, "import $pfx")) {
  Import-PfxCertificate -FilePath $pfx -CertStoreLocation $Store -Password $Password -Exportable:$Exportable | Out-Null
}
if (-not (Test-Path (Join-Path $Store $line.sha1)) -and -not $WhatIfPreference) {
  throw "the new certificate is not in $Store; nothing was removed"
}
$bindings = (netsh http show sslcert) -join "`n"
foreach ($old in $line.supersedes) {
  $path = Join-Path $Store $old.sha1
  if (-not (Test-Path $path)) { continue }
  if ($bindings -match $old.sha1) {
    Write-Warning "$($old.sha1) is bound in http.sys: move the binding first; left in place"
  } elseif ($PSCmdlet.ShouldProcess($old.sha1, 'remove the superseded certificate')) {
    Remove-Item $path -DeleteKey
  }
}
)ps1";

constexpr std::string_view kInstallSh = R"sh(#!/bin/sh
# Installs this host's PEM bundle: checks it against manifest.jsonl, then replaces the files atomically.
# usage: install.sh ROOT ENDPOINT TARGET_DIRECTORY      (needs python3 and sha256sum)
set -eu
root=$1 endpoint=$2 target=$3
umask 077
mkdir -p "$target"
python3 - "$root/manifest.jsonl" "$endpoint" <<'PY' | while read -r sha path; do
import json, sys
for line in open(sys.argv[1], encoding="utf-8"):
    entry = json.loads(line)
    if entry["endpoint"].lower() == sys.argv[2].lower():
        for file in entry["files"]:
            if file["path"].endswith(".pem"):
                print(file["sha256"], file["path"])
        break
else:
    sys.exit("endpoint '%s' is not in the manifest" % sys.argv[2])
PY
  name=$(basename "$path")
  cp "$root/$path" "$target/.$name.new"
  printf '%s  %s\n' "$sha" "$target/.$name.new" | sha256sum --check --quiet
  mv "$target/.$name.new" "$target/$name"
  echo "installed $target/$name"
done
)sh";

}  // namespace

const std::vector<RolloutFile>& RolloutFiles() {
  static const std::vector<RolloutFile> files{{"Install-FleetmintBundle.ps1", kInstallPs1},
                                              {"install.sh", kInstallSh}};
  return files;
}

}  // namespace fleetmint
