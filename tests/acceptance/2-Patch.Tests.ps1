# 2 Patch the machine config. What is not allowed by the settings is skipped.
param([string] $Settings)

BeforeDiscovery {
    Import-Module "$PSScriptRoot/Acceptance.psm1" -Force
    $suite = New-AcceptanceSuite -Settings $Settings
    $nodes = @($suite.Node | ForEach-Object { @{ Node = $_ } })
}

BeforeAll {
    Import-Module "$PSScriptRoot/Acceptance.psm1" -Force
    $suite = New-AcceptanceSuite -Settings $Settings
}

Describe '2 Patch the machine config' {
    It '<Node> can be patched without losing a document, and -WhatIf changes nothing' -ForEach $nodes {
        Assert-PatchPlan $suite $Node
    }

    It '<Node> is patched without a reboot, with a backup' -ForEach $nodes {
        if (-not (Test-Allowed $suite MachineConfig)) { Set-ItResult -Skipped -Because 'the settings do not allow MachineConfig' }
        Assert-PatchApplied $suite $Node
    }

    It '<Node> is not changed by patching it again' -ForEach $nodes {
        if (-not (Test-Allowed $suite MachineConfig)) { Set-ItResult -Skipped -Because 'the settings do not allow MachineConfig' }
        Assert-PatchRepeat $suite $Node
    }
}
