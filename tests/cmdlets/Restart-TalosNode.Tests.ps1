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

    It 'A wait for no restart says nothing of one' {
        (Wait-TalosNode ampone).Restarted | Should -BeNullOrEmpty
        (Restart-TalosNode ampone -PassThru -Confirm:$false | Wait-TalosNode -Timeout 00:02:00).Restarted | Should -BeTrue
    }
}
