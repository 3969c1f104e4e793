# The runbook with something wrong: $Fault names it. Each step goes on after an error, so that it can be read; the
# checks at the end name the cause and the fix.

function Show-Step([string] $Title) {
    $Host.UI.WriteLine('')
    $Host.UI.WriteLine("── $Title")
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
$target = $env:TALOSTAILSCALE_DEVICES
if ($Fault -eq 'InstallerIso') {
    $iso = Save-TalosImage -Node ampone -Schematic $schematic -Kind Iso -Destination $target -PassThru
    $file = [System.IO.Path]::Combine($target, 'from-iso.efi')
    $image = Export-Uki $iso.Path -OutFile $file -PassThru
}
else {
    $image = Save-TalosImage -Node ampone -Schematic $schematic -Kind Uki -Destination $target -PassThru
}
if ($image) { $image | Invoke-UkiSwap -Node ampone -Reboot -Wait -Confirm:$false }

Show-Step '4  Validate ampone: cause and fix'
Test-TsNode -Node ampone
