# The runbook with something wrong. Each step goes on after an error, so that it can be read; the checks at the end name
# the cause and the fix.
[TalosTailscale.Lab.LabFault]::Find($Fault).Description

# ── 1+2  Render and patch
Get-TsNode |
    New-TsExtensionServiceConfig -AuthKeyReference "file:$env:TAILSCALE_AUTHKEY_FILE" -PassThru |
    Set-TalosMachinePatch

# ── 3A  Swap the UKI on ampone. The fault InstallerIso is the runbook's own way: the UKI out of the installer ISO.
$kind = if ($Fault -eq 'InstallerIso') { 'Iso' } else { 'Uki' }
$image = New-TalosSchematic -Extension siderolabs/tailscale |
    Save-TalosImage -Node ampone -Kind $kind -Destination $env:TALOSTAILSCALE_DEVICES

# The nodes of the lab boot in a second; a real board takes minutes, and the default waits for them.
if ($image) { $image | Invoke-UkiSwap -Reboot -Wait -Timeout 00:00:20 -Confirm:$false }

# ── 4  Validate ampone: cause and fix
Test-TsNode -Node ampone
