# The runbook with something wrong: $Fault names it. Each step goes on after an error, so that it can be read; the
# checks at the end name the cause and the fix.

function Show-Step([string] $Title) {
    ''
    "── $Title"
}

$key = "file:$env:TAILSCALE_AUTHKEY_FILE"

Show-Step "The fault: $Fault"
[TalosTailscale.Lab.LabFault]::Find($Fault).Description

Show-Step '1+2  Render and patch'
Get-TsNode |
    New-TsExtensionServiceConfig -AuthKeyReference $key -PassThru |
    Set-TalosMachinePatch

Show-Step '3A  Swap the UKI on ampone'
$schematic = New-TalosSchematic -Extension siderolabs/tailscale
if ($Fault -eq 'InstallerIso') {
    # The runbook's own way: the UKI out of the installer ISO.
    $image = $schematic | Save-TalosImage -Node ampone -Kind Iso -Destination $env:TALOSTAILSCALE_DEVICES
}
else {
    $image = $schematic | Save-TalosImage -Node ampone -Kind Uki -Destination $env:TALOSTAILSCALE_DEVICES
}
# The nodes of the lab boot in a second; a real board takes minutes, and the default waits for them.
if ($image) { $image | Invoke-UkiSwap -Reboot -Wait -Timeout 00:00:20 -Confirm:$false }

Show-Step '4  Validate ampone: cause and fix'
Test-TsNode -Node ampone
