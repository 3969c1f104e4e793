@{
    RootModule           = 'module/TalosTailscale.psm1'
    ModuleVersion        = '0.1.0'
    GUID                 = '5d1c8f0e-7a0b-4c57-9a5e-0f1b6f1f7c3a'
    Author               = 'TalosTailscale contributors'
    CompanyName          = 'TalosTailscale contributors'
    Copyright            = '(c) TalosTailscale contributors. MIT licence.'
    Description          = 'Node-level Tailscale on Talos Linux: render the service config, patch the machine config without loss, swap the unified kernel image or upgrade, validate, diagnose and repair. No talosctl, kubectl, bsdtar or tailscale needed.'
    PowerShellVersion    = '7.4'
    CompatiblePSEditions = @('Core')
    FormatsToProcess     = @(
        'module/Boot.Format.ps1xml'
        'module/ImageFactory.Format.ps1xml'
        'module/Images.Format.ps1xml'
        'module/Inventory.Format.ps1xml'
        'module/MachineConfig.Format.ps1xml'
        'module/Rollout.Format.ps1xml'
        'module/Tailnet.Format.ps1xml'
        'module/Talos.Format.ps1xml'
        'module/Validation.Format.ps1xml'
    )
    CmdletsToExport      = @(
        'Export-TsNode'
        'Export-TsReport'
        'Export-Uki'
        'Get-TailnetDevice'
        'Get-TalosEsp'
        'Get-TalosEtcdMember'
        'Get-TalosExtension'
        'Get-TalosLog'
        'Get-TalosMachineConfig'
        'Get-TalosResource'
        'Get-TalosService'
        'Get-TsDiagnosis'
        'Get-TsNode'
        'Get-Uki'
        'Install-TsNode'
        'Invoke-UkiSwap'
        'New-TailnetAuthKey'
        'New-TalosSchematic'
        'New-TsExtensionServiceConfig'
        'Remove-TailnetDevice'
        'Remove-TalosEtcdMember'
        'Restart-TalosNode'
        'Restart-TalosService'
        'Restore-TalosMachineConfig'
        'Restore-Uki'
        'Save-TalosContainerImage'
        'Save-TalosImage'
        'Set-TalosMachinePatch'
        'Test-TsCluster'
        'Test-TsNode'
        'Undo-TsNode'
        'Update-TalosNode'
        'Update-TalosNodeAddress'
        'Wait-TalosNode'
    )
    FunctionsToExport    = @()
    VariablesToExport    = @()
    AliasesToExport      = @()
    PrivateData          = @{
        PSData = @{
            Tags = @('Talos', 'Tailscale', 'Kubernetes', 'UKI', 'PSEdition_Core', 'Windows', 'Linux', 'MacOS')
        }
    }
}
