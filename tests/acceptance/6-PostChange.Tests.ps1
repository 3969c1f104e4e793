# 6 Post-change cluster checks. What is not allowed by the settings is skipped.
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

Describe '6 Post-change cluster checks' {
    It '<Node> is running, Ready and not cordoned' -ForEach $nodes {
        Assert-NodeReady $suite $Node
    }

    It 'every control plane node sees the same etcd members' {
        Assert-EtcdMember $suite
    }
}
