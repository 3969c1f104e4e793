BeforeAll {
    Import-Module "$PSScriptRoot/../Lab.psm1"
    $lab = Start-Lab
}

AfterAll { Stop-Lab $lab }

Describe 'Get-TalosEtcdMember' {
    It 'Members have their id in both forms, and one of them leads' {
        $members = Get-TalosEtcdMember ryzen
        $members.Hostname | Sort-Object | Should -Be talos-192-168-1-194, talos-192-168-1-203, talos-192-168-1-85
        foreach ($member in $members) { $member.IdHex | Should -Be $member.Id.ToString('x16') }
        $members.IsLearner | Should -Be $false, $false, $false
    }

    It 'Each control plane tells the members that it sees' {
        Get-TsNode ryzen, altra | Get-TalosEtcdMember | Group-Object Node | ForEach-Object { "$($_.Name) $($_.Count)" } | Should -Be 'altra 3', 'ryzen 3'
    }
}
