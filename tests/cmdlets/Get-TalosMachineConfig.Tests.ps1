BeforeAll {
    Import-Module "$PSScriptRoot/../Lab.psm1"
    $lab = Start-Lab
}

AfterAll { Stop-Lab $lab }

Describe 'Get-TalosMachineConfig' {
    It 'Gets the configuration with its documents' {
        $config = Get-TalosMachineConfig ampone
        $config.Text | Should -BeExactly $lab.Cluster.Node('ampone').ActiveConfig.Text
        $config.Documents[0] | Should -Be v1alpha1
        $config.Documents | Should -Contain HostnameConfig
    }

    It 'The persistent one is that of the next boot' {
        $config = Get-TalosMachineConfig ryzen -Persistent
        $config.Id | Should -Be persistent
        $config.Text | Should -BeExactly $lab.Cluster.Node('ryzen').PersistentConfig.Text
    }

    It 'No secret of it is shown unasked' {
        $secret = [regex]::Match($lab.Cluster.Node('ampone').ActiveConfig.Text, '(?m)^ +token: (\S+)').Groups[1].Value
        $secret | Should -Not -BeNullOrEmpty
        Get-TalosMachineConfig ampone | Out-String -Width 4000 | Should -Not -BeLike "*$secret*"
    }
}
