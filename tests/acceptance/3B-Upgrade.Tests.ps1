# 3B Activate by an upgrade. What is not allowed by the settings is skipped.
param([string] $Settings)

BeforeDiscovery {
    Import-Module "$PSScriptRoot/Acceptance.psm1" -Force
    $suite = New-AcceptanceSuite -Settings $Settings
    $nodes = @($suite.Node | ForEach-Object { @{ Node = $_ } })
    $upgraded = @($nodes | Where-Object { $_.Node.Activation -ne 'UkiSwap' })
}

BeforeAll {
    Import-Module "$PSScriptRoot/Acceptance.psm1" -Force
    $suite = New-AcceptanceSuite -Settings $Settings
}

Describe '3B Activate by an upgrade' {
    It '<Node> refuses an installer without the extension' -ForEach $nodes {
        Assert-UpgradeGate $suite $Node
    }

    It '<Node> comes back from an upgrade with the extension' -ForEach $upgraded {
        if (-not (Test-Allowed $suite Activate)) { Set-ItResult -Skipped -Because 'the settings do not allow Activate' }
        Assert-UpgradeDone $suite $Node
    }
}
