<#
.SYNOPSIS
  Installs this host's bundle, then removes the certificates that it supersedes.
.DESCRIPTION
  Reads manifest.jsonl beside the rollout folder. The new certificate is in place before an old one is
  touched; an old one that an http.sys binding still names is left alone, with a warning.
  Store and exportability are those of the manifest unless they are given here.
  The PFX is never loaded just to look at it: that would delete a persisted machine key.
.EXAMPLE
  .\Install-FleetmintBundle.ps1 -Root \\share\out -Password (Read-Host -AsSecureString)
#>
[CmdletBinding(SupportsShouldProcess)]
param(
  [string]$Root,
  [string]$Endpoint = $env:COMPUTERNAME,
  [Parameter(Mandatory)][securestring]$Password,
  [string]$Store,
  [switch]$Exportable
)
$ErrorActionPreference = 'Stop'
# Not as a default in param(): under powershell -File, $PSScriptRoot is empty there.
if (-not $Root) { $Root = Split-Path -Parent $PSScriptRoot }
$line = Get-Content -Encoding UTF8 (Join-Path $Root 'manifest.jsonl') | ForEach-Object { $_ | ConvertFrom-Json } |
  Where-Object { $_.endpoint -ieq $Endpoint }
if (-not $line) { throw "endpoint '$Endpoint' is not in the manifest" }
if ($line.state -eq 'revoked') { throw "the certificate of '$Endpoint' was revoked: nothing is installed" }
if (-not $Store) {
  if (-not $line.store) { throw "the manifest names no store for '$Endpoint': give -Store" }
  $Store = "Cert:\$($line.store)"
}
$mayExport = if ($PSBoundParameters.ContainsKey('Exportable')) { $Exportable.IsPresent } else { [bool]$line.exportable }
if ($line.bundle -notlike '*.pfx') { throw "the bundle of '$Endpoint' is no PFX: rollout/install.sh installs PEM files" }
$pfx = Join-Path $Root $line.bundle
$hash = (Get-FileHash -Algorithm SHA256 $pfx).Hash
if ($hash -ine $line.bundle_sha256) { throw "'$pfx' is not the file of the manifest" }
if (Test-Path (Join-Path $Store $line.sha1)) {
  Write-Output "already installed: $($line.sha1)"
} elseif ($PSCmdlet.ShouldProcess($Endpoint, "import $pfx")) {
  Import-PfxCertificate -FilePath $pfx -CertStoreLocation $Store -Password $Password -Exportable:$mayExport | Out-Null
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
