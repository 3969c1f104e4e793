# 3A Activate by swapping the UKI. What is not allowed by the settings is skipped.
param([string] $Settings)

BeforeDiscovery {
    Import-Module "$PSScriptRoot/Acceptance.psm1" -Force
    $suite = New-AcceptanceSuite -Settings $Settings
    $nodes = @($suite.Node | ForEach-Object { @{ Node = $_ } })
    $swapped = @($nodes | Where-Object { $_.Node.Activation -ne 'Upgrade' })
}

BeforeAll {
    Import-Module "$PSScriptRoot/Acceptance.psm1" -Force
    $suite = New-AcceptanceSuite -Settings $Settings
}

Describe '3A Activate by swapping the UKI' {
    It '<Node> boots next what it runs now' -ForEach $swapped {
        if (-not (Test-Allowed $suite HelperPod)) { Set-ItResult -Skipped -Because 'the settings do not allow HelperPod' }
        Assert-EspReadable $suite $Node
    }

    It '<Node> passes every gate of a swap, and -WhatIf writes nothing' -ForEach $swapped {
        if (-not (Test-Allowed $suite HelperPod)) { Set-ItResult -Skipped -Because 'the settings do not allow HelperPod' }
        Assert-SwapPlan $suite $Node
    }

    It '<Node> comes back from a swap with the extension' -ForEach $swapped {
        if (-not (Test-Allowed $suite HelperPod, Activate)) { Set-ItResult -Skipped -Because 'the settings do not allow HelperPod, Activate' }
        Assert-SwapDone $suite $Node
    }
}
