BeforeAll {
    Import-Module "$PSScriptRoot/../Lab.psm1"
    $lab = Start-Lab
}

AfterAll { Stop-Lab $lab }

Describe 'Restart-TalosNode' {
    It 'WhatIf restarts nothing' {
        $before = $lab.Cluster.Node('ampone').BootId
        Restart-TalosNode ampone -WhatIf | Should -BeNullOrEmpty
        $lab.Cluster.Node('ampone').BootId | Should -Be $before
    }

    It 'A restart is waited for' {
        $before = $lab.Cluster.Node('ampone').BootId
        $result = Restart-TalosNode ampone -Mode PowerCycle -Wait -Timeout 00:02:00 -Confirm:$false
        $result.Restarted | Should -BeTrue
        $result.Stage | Should -Be running
        $lab.Cluster.Node('ampone').BootId | Should -Not -Be $before
    }

    It 'The order given is kept: <Script>' -ForEach @(
        @{ Script = { Restart-TalosNode ryzen, ampone, altra -Wait -Confirm:$false } }
        @{ Script = { 'ryzen', 'ampone', 'altra' | Restart-TalosNode -Wait -Confirm:$false } }
    ) { (& $Script).Node | Should -Be ryzen, ampone, altra }

    It 'A name that is not known stops what comes after it' {
        $before = $lab.Cluster.Node('altra').BootId
        (Invoke-Captured { Restart-TalosNode nosuch, altra -Wait -Confirm:$false }).Errors | Get-ErrorId | Should -Be NodeNotFound, NodesNotBegun
        $lab.Cluster.Node('altra').BootId | Should -Be $before
    }
}

Describe 'Restart-TalosNode and etcd' {
    BeforeEach { $lab = $null }

    AfterEach { Stop-Lab $lab }

    It 'A node that does not come back is the last that is restarted' {
        $lab = Start-Lab -Fault SlowBoot@ryzen -Options @{ SlowBootTime = [timespan] '0:5:0' }
        $before = $lab.Cluster.Node('altra').BootId
        $result = Invoke-Captured { Restart-TalosNode ryzen, altra, ampone -Wait -Timeout 00:00:03 -Confirm:$false }
        $result.Errors | Get-ErrorId | Should -Be TalosWaitTimeout, NodesNotBegun
        "$($result.Errors[1])" | Should -BeLike "*not begun: 'altra', 'ampone'."
        $lab.Cluster.Node('altra').BootId | Should -Be $before
    }

    It 'Several control planes in one command are never away together' {
        $lab = Start-Lab -Options @{ BootTime = [timespan] '0:0:1' }
        $before = $lab.Cluster.Nodes.BootId
        $result = Invoke-Captured { Restart-TalosNode ryzen, ampone, altra -Timeout 00:01:00 -Confirm:$false -Verbose }
        $result.Errors | Should -BeNullOrEmpty
        @($result.Verbose -like '*waits until*').Count | Should -Be 2
        'ryzen', 'ampone' | ForEach-Object { $lab.Cluster.Node($_).BootId | Should -Not -BeIn $before }
        Wait-Until { $lab.Cluster.Node('altra').BootId -notin $before }
    }

    It 'An alarm of etcd is told by its name and what to do: <Says>' -ForEach @(
        @{ Alarm = $null; Says = 'raises the alarm NOSPACE: the database is full' }
        @{ Alarm = 'CORRUPT'; Says = 'raises the alarm CORRUPT: its data differ' }
    ) {
        $lab = Start-Lab
        $lab.Cluster.Node('altra').Faults.Set([TalosTailscale.Lab.LabFault]::EtcdAlarm, ($Alarm ?? [NullString]::Value))
        $before = $lab.Cluster.Node('ryzen').BootId
        $result = Invoke-Captured { Restart-TalosNode ryzen -Confirm:$false }
        $result.Errors | Get-ErrorId | Should -Be EtcdQuorumAtRisk
        "$($result.Errors)" | Should -BeLike "*$Says*"
        "$($result.Errors)" | Should -BeLike '*talos-192-168-1-85*'
        $lab.Cluster.Node('ryzen').BootId | Should -Be $before
    }

    It 'With one control plane down no other is restarted though no member is known' {
        $lab = Start-Lab -Options @{ Discovery = $false }
        $down = $lab.Cluster.Node('altra')
        $down.Faults.Set([TalosTailscale.Lab.LabFault]::NeverBoots, [NullString]::Value)
        Restart-LabNode $down -Down
        (Invoke-Captured { Restart-TalosNode ryzen -Confirm:$false }).Errors | Get-ErrorId | Should -Be EtcdQuorumAtRisk
    }
}
