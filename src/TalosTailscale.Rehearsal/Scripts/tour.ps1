# The runbook, as a user types it. At a prompt of your own the same lines work on a real cluster; the environment
# (TALOSCONFIG, KUBECONFIG …) says which one is meant.
$ErrorActionPreference = 'Stop'

# ── The nodes of devices/
Get-TsNode

# ── 1  Render the service config of each node, and 2  patch the machine configs (no reboot)
$key = "file:$env:TAILSCALE_AUTHKEY_FILE"
Get-TsNode ryzen, ampone, altra |
    New-TsExtensionServiceConfig -AuthKeyReference $key -PassThru |
    Set-TalosMachinePatch

# ── The same again changes nothing
Get-TsNode | Set-TalosMachinePatch

# ── 3  A schematic with the extension, and what the Image Factory makes of it
$schematic = New-TalosSchematic -Extension siderolabs/tailscale
$schematic
$uki = $schematic | Save-TalosImage -Node ampone, altra -Kind Uki -Destination $env:TALOSTAILSCALE_DEVICES
Get-Uki $uki[0].Path

# ── 3A Swap the UKI on the ARM boards, one after the other
$uki | Invoke-UkiSwap -Reboot -Wait -Confirm:$false

# ── 3B Upgrade the other one with the factory installer
$schematic | Save-TalosImage -Node ryzen -Kind Installer | Update-TalosNode -Wait -Confirm:$false

# ── 4  Validate
Get-TsNode | Test-TsNode -RegistryImage registry.ide-newton.ts.net/lab/registry-smoketest:1
