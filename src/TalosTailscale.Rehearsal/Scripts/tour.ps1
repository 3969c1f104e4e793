# The runbook, as a user types it. The rehearsal plays this on the lab; at a prompt the same lines work on a real
# cluster. The environment (TALOSCONFIG, KUBECONFIG …) says which one is meant.

function Show-Step([string] $Title) {
    ''
    "── $Title"
}

$ErrorActionPreference = 'Stop'
$key = "file:$env:TAILSCALE_AUTHKEY_FILE"
$registryImage = 'registry.ide-newton.ts.net/lab/registry-smoketest:1'

Show-Step 'The nodes of devices/'
Get-TsNode

Show-Step '1  Render the service config of each node, and 2  patch the machine configs (no reboot)'
Get-TsNode ryzen, ampone, altra |
    New-TsExtensionServiceConfig -AuthKeyReference $key -PassThru |
    Set-TalosMachinePatch

Show-Step '   The same again changes nothing'
Get-TsNode | Set-TalosMachinePatch

Show-Step '3  A schematic with the extension, and what the Image Factory makes of it'
$schematic = New-TalosSchematic -Extension siderolabs/tailscale
$schematic
$uki = $schematic | Save-TalosImage -Node ampone, altra -Kind Uki -Destination $env:TALOSTAILSCALE_DEVICES
$uki
Get-Uki $uki[0].Path

Show-Step '3A Swap the UKI on the ARM boards, one after the other'
$uki | Invoke-UkiSwap -Reboot -Wait -Confirm:$false

Show-Step '3B Upgrade the other one with the factory installer'
$schematic | Save-TalosImage -Node ryzen -Kind Installer | Update-TalosNode -Wait -Confirm:$false

Show-Step '4  Validate'
Get-TsNode | Test-TsNode -RegistryImage $registryImage
