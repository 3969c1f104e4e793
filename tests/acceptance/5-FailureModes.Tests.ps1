# 5 Failure modes. What is not allowed by the settings is skipped.
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

Describe '5 Failure modes' {
    It '<Node> 1: the firmware refuses no EFI variable' -ForEach $nodes {
        Assert-NoEfivarsError $suite $Node
    }

    It '<Node> 2: the boot menu has one entry for each version' -ForEach $swapped {
        if (-not (Test-Allowed $suite HelperPod)) { Set-ItResult -Skipped -Because 'the settings do not allow HelperPod' }
        Assert-OneBootEntry $suite $Node
    }

    It '<Node> 3: ext-tailscale is stable' -ForEach $nodes {
        Assert-StableService $suite $Node
    }

    It '<Node> 4: Talos manages the resolvers' -ForEach $nodes {
        Assert-DnsByTalos $suite $Node
    }

    It '<Node> 5: nothing says an address that it had before' -ForEach $nodes {
        Assert-NoDrift $suite $Node
    }
}
