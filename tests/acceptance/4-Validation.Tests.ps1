# 4 Validation checklist. What is not allowed by the settings is skipped.
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

Describe '4 Validation checklist' {
    It '<Node> runs an image with the extension' -ForEach $nodes {
        Assert-Extension $suite $Node
    }

    It '<Node> runs ext-tailscale' -ForEach $nodes {
        Assert-Service $suite $Node
    }

    It '<Node> logs no failure of ext-tailscale' -ForEach $nodes {
        Assert-Log $suite $Node
    }

    It '<Node> passes every check' -ForEach $nodes {
        Assert-AllCheck $suite $Node
    }

    It '<Node> pulls a private image' -ForEach $nodes {
        if (-not (Test-Allowed $suite Pull)) { Set-ItResult -Skipped -Because 'the settings do not allow Pull' }
        Assert-PrivatePull $suite $Node
    }
}
