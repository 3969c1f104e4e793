BeforeAll {
    Import-Module "$PSScriptRoot/../Lab.psm1"
    $lab = Start-Lab
}

AfterAll { Stop-Lab $lab }

Describe 'Restart-TalosService' {
    It 'Services of several nodes are restarted' {
        Get-TalosService ryzen, altra -Id kubelet | Restart-TalosService -Confirm:$false
        $services = @(Get-TalosService ryzen apid) + @(Get-TalosService altra machined)
        $services | ForEach-Object { "$($_.Node) $($_.Id)" } | Sort-Object | Should -Be 'altra machined', 'ryzen apid'
    }

    It 'A service that was restarted is passed through' {
        (Restart-TalosService ryzen kubelet -PassThru -Confirm:$false).Id | Should -Be kubelet
    }

    It 'WhatIf restarts nothing' {
        $before = (Get-TalosService ryzen kubelet).LastChange
        Restart-TalosService ryzen kubelet -WhatIf
        (Get-TalosService ryzen kubelet).LastChange | Should -Be $before
    }
}
