# The newcomer's walk, after `git clone`: an inventory of one's own from the running cluster, then the runbook.
#   dotnet run --project src/TalosTailscale.Rehearsal -- -File tests/acceptance/walk.ps1
# At a prompt of one's own the same lines work against a real cluster.
$ErrorActionPreference = 'Stop'
$devices = [System.IO.Path]::Combine([System.IO.Path]::GetDirectoryName($env:TALOSTAILSCALE_DEVICES), 'own', 'devices')
$env:TALOSTAILSCALE_DEVICES = $null

'── What runs in the cluster'
Get-TsNode -Discover

'── An inventory of it'
Get-TsNode -Discover | Export-TsNode $devices -PassThru

$env:TALOSTAILSCALE_DEVICES = $devices

'── 1 Render and 2 patch'
Get-TsNode |
    New-TsExtensionServiceConfig -AuthKeyReference "file:$env:TAILSCALE_AUTHKEY_FILE" -PassThru |
    Set-TalosMachinePatch

'── 3A Swap where the inventory says so'
Get-TsNode | Where-Object Activation -EQ UkiSwap |
    Save-TalosImage -Kind Uki -Extension siderolabs/tailscale -Destination $devices |
    Invoke-UkiSwap -Reboot -Wait -Confirm:$false

'── 3B Upgrade the others'
Get-TsNode | Where-Object Activation -EQ Upgrade |
    Save-TalosImage -Kind Installer -Extension siderolabs/tailscale |
    Update-TalosNode -Wait -Confirm:$false

'── 4 Validate'
$checks = Get-TsNode | Test-TsNode -RegistryImage registry.ide-newton.ts.net/lab/registry-smoketest:1
$checks

'── A page of it'
$checks | Export-TsReport ([System.IO.Path]::Combine($devices, '..', 'report.html')) -PassThru
