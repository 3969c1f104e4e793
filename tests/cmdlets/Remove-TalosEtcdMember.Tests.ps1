BeforeAll { Import-Module "$PSScriptRoot/../Lab.psm1" }

Describe 'Remove-TalosEtcdMember' {
    BeforeEach { $lab = Start-Lab }

    AfterEach { Stop-Lab $lab }

    It 'A living etcd member is not removed, nor one that is not there' {
        $members = Get-TalosEtcdMember ryzen
        $members.Count | Should -Be 3
        $altra = $members | Where-Object Hostname -Like '*-85'
        (Invoke-Captured { param($id) Remove-TalosEtcdMember ryzen $id -Confirm:$false } $altra.IdHex).Errors | Get-ErrorId | Should -Be EtcdMemberAlive
        (Invoke-Captured { Remove-TalosEtcdMember ryzen 0123456789abcdef -Confirm:$false }).Errors | Get-ErrorId | Should -Be TalosNotFound
    }

    It 'A dead etcd member is removed and a needed quorum is kept' {
        $stale = $lab.Cluster.Etcd.AddStaleMember('gone', '192.168.1.99')
        Get-TalosEtcdMember ryzen | Where-Object Hostname -EQ gone | Remove-TalosEtcdMember -WhatIf
        $lab.Cluster.Etcd.Members | Should -Contain $stale
        Get-TalosEtcdMember ryzen, altra | Where-Object Hostname -EQ gone | Remove-TalosEtcdMember -Confirm:$false
        $lab.Cluster.Etcd.Members | Should -Not -Contain $stale
        $lab.Cluster.Etcd.Members.Count | Should -Be 3

        # Three live of six: to remove any needs four.
        $dead = 0..2 | ForEach-Object { $lab.Cluster.Etcd.AddStaleMember("dead$_", "192.168.1.$(90 + $_)") }
        (Invoke-Captured { Remove-TalosEtcdMember ryzen $dead[0].Id -Confirm:$false }).Errors | Get-ErrorId | Should -Be EtcdQuorumAtRisk
        $lab.Cluster.Etcd.Members.Count | Should -Be 6
    }

    It 'Nor is another member removed after one that is refused' {
        $dead = $lab.Cluster.Etcd.AddStaleMember('gone', '192.168.1.99')
        $members = Get-TalosEtcdMember ryzen
        $both = @($members | Where-Object Hostname -EQ talos-192-168-1-85) + @($members | Where-Object Hostname -EQ gone)

        $stopped = Invoke-Captured { $both | Remove-TalosEtcdMember -Confirm:$false }
        $stopped.Errors | Get-ErrorId | Should -Be EtcdMemberAlive, NodesNotBegun
        "$($stopped.Errors[1])" | Should -BeLike "*$($dead.Id.ToString('x16'))*"
        $lab.Cluster.Etcd.Members | Should -Contain $dead

        (Invoke-Captured { $both | Remove-TalosEtcdMember -Confirm:$false -ContinueOnError }).Errors | Get-ErrorId | Should -Be EtcdMemberAlive
        $lab.Cluster.Etcd.Members | Should -Not -Contain $dead
    }
}
