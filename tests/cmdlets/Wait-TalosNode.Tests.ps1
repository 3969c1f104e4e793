BeforeAll {
    Import-Module "$PSScriptRoot/../Lab.psm1"
    $lab = Start-Lab
}

AfterAll { Stop-Lab $lab }

Describe 'Wait-TalosNode' {
    It 'A wait for no restart says nothing of one' {
        (Wait-TalosNode ampone).Restarted | Should -BeNullOrEmpty
        (Restart-TalosNode ampone -PassThru -Confirm:$false | Wait-TalosNode -Timeout 00:02:00).Restarted | Should -BeTrue
    }

    It 'A node that is waited for is the one of before and has restarted: <Text>' -ForEach @(
        @{ Text = 'another machine'; Script = { Wait-TalosNode ryzen -Interval 0:0:0.1 -Timeout 0:0:3 -NodeId somebody-else -PreviousBootId x }; Id = 'TalosNodeMoved'; Says = '*somebody-else*' }
        @{ Text = 'the same boot'; Script = { Wait-TalosNode ryzen -Timeout 0:0:3 -PreviousBootId "$($lab.Cluster.Node('ryzen').BootId)" }; Id = 'TalosWaitTimeout'; Says = '*' }
        @{ Text = 'a boot of before'; Script = { Wait-TalosNode ryzen -Timeout 0:0:3 -PreviousBootTime ([DateTimeOffset]::UtcNow.AddDays(1)) }; Id = 'TalosWaitTimeout'; Says = '*' }
    ) {
        $result = Invoke-Captured $Script
        $result.Errors | Get-ErrorId | Should -Be $Id
        "$($result.Errors)" | Should -BeLike $Says
    }

    It 'A node under another name is told with the name of before' {
        (Wait-TalosNode ryzen -Timeout 0:0:3 -PreviousHostname other -PreviousBootId x).PreviousHostname | Should -Be other
    }
}
