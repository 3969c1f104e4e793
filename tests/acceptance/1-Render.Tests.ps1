# 1 Render the service config. What is not allowed by the settings is skipped.
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

Describe '1 Render the service config' {
    It '<Node> can be rendered, and -WhatIf writes nothing' -ForEach $nodes {
        if (-not $suite.AuthKeyReference) { Set-ItResult -Skipped -Because 'the settings have no AuthKeyReference' }
        Assert-RenderPlan $suite $Node
    }

    It '<Node> is rendered for its owner''s eyes only' -ForEach $nodes {
        if (-not (Test-Allowed $suite Render)) { Set-ItResult -Skipped -Because 'the settings do not allow Render' }
        if (-not $suite.AuthKeyReference) { Set-ItResult -Skipped -Because 'the settings have no AuthKeyReference' }
        Assert-RenderedFile $suite $Node
    }
}
