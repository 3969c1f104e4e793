BeforeAll { Import-Module "$PSScriptRoot/../Lab.psm1" }

Describe 'Test-TsNode' {
    It 'Nodes without the extension are named as such' {
        $lab = Start-Lab
        try {
            $checks = Get-TsNode | Test-TsNode
            $checks.Node | Select-Object -Unique | Should -Be altra, ampone, ryzen
            $extension = @($checks | Where-Object Name -EQ Extension)
            $extension.Count | Should -Be 3
            $extension.Cause | Select-Object -Unique | Should -Be ExtensionMissing
        }
        finally { Stop-Lab $lab }
    }

    It 'A stop does not wait for nodes that never answer' {
        $lab = Start-Lab
        try {
            foreach ($node in $lab.Cluster.Nodes) { $node.Faults.Set([TalosTailscale.Lab.LabFault]::NeverAnswers, [NullString]::Value) }
            $asked = [System.Diagnostics.Stopwatch]::new()
            $run = Invoke-Stopped { param($asked) Get-TsNode | ForEach-Object { $asked.Start(); $_ } | Test-TsNode } $asked { $asked.ElapsedMilliseconds -gt 500 }
            # A call would wait fifteen seconds for its answer, and a check for the settling of a service ten.
            $asked.Elapsed.TotalSeconds | Should -BeLessThan 12
            $run.Output | Should -BeNullOrEmpty
        }
        finally { Stop-Lab $lab }
    }
}

Describe 'Test-TsNode of nodes that joined' {
    BeforeAll {
        $lab = Start-Lab
        Add-LabExtension $lab
    }

    AfterAll { Stop-Lab $lab }

    It 'Joined nodes pass every check' {
        $open = Get-TsNode | Test-TsNode | Where-Object Status -NE Pass
        # Without an image there is none to pull.
        $open.Name | Sort-Object -Unique | Should -Be PrivatePull, RegistryName
        $open.Status | Select-Object -Unique | Should -Be Skipped
        Get-TsNode | Test-TsNode -Quiet | Should -BeTrue
    }

    It 'Quiet is true only where everything asked for was looked at and passed: <Script>' -ForEach @(
        @{ Script = { Test-TsNode ryzen -Check Api, Stage -Quiet }; Passes = $true }
        @{ Script = { Test-TsNode ryzen, nosuch -Check Api, Stage -Quiet }; Passes = $false }
        @{ Script = { Test-TsNode nosuch -Check Api, Stage -Quiet }; Passes = $false }
        @{ Script = { @() | Test-TsNode -Check Api, Stage -Quiet }; Passes = $false }
        @{ Script = { Test-TsNode ryzen -Check Api -SkipCheck Api -Quiet }; Passes = $false }
        # Named, and there is no image to pull: not looked at.
        @{ Script = { Test-TsNode ryzen -Check Api, PrivatePull -Quiet }; Passes = $false }
    ) { (Invoke-Captured $Script).Output | Should -Be @($Passes) }

    # The last on this lab: a node stays down.
    It 'Quiet is false where a node does not answer' {
        $altra = $lab.Cluster.Node('altra')
        $altra.Faults.Set([TalosTailscale.Lab.LabFault]::NeverBoots, [NullString]::Value)
        Restart-LabNode $altra -Down
        (Invoke-Captured { Test-TsNode ryzen, altra -Check Stage -Quiet }).Output | Should -Be @($false)
    }
}
