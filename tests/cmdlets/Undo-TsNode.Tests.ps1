BeforeAll { Import-Module "$PSScriptRoot/../Lab.psm1" }

Describe 'Undo-TsNode' {
    BeforeEach {
        $lab = Start-Lab
        $state = Join-Path $lab.Folder state
    }

    AfterEach { Stop-Lab $lab }

    It 'Undo goes back by what was done' {
        $null = 'altra', 'ryzen' | Install-TsNode -AuthKeyReference $lab.KeyReference -StateFolder $state -Confirm:$false
        ('altra', 'ryzen' | Undo-TsNode -StateFolder $state -WhatIf).Nodes.Method | Should -Be Restore, Rollback
        $result = Invoke-Captured { 'altra', 'ryzen' | Undo-TsNode -StateFolder $state -Confirm:$false }
        $result.Errors | Should -BeNullOrEmpty
        foreach ($name in 'altra', 'ryzen') { @($lab.Cluster.Node($name).Extensions | ForEach-Object Name) | Should -Not -Contain tailscale }

        # What was undone is not undone again, which would be to install.
        $boots = $lab.Cluster.Nodes.BootId
        $again = Invoke-Captured { 'altra', 'ryzen' | Undo-TsNode -StateFolder $state -Confirm:$false }
        $again.Errors | Get-ErrorId | Should -Be NothingToUndo, NothingToUndo
        $again.Output | Should -BeNullOrEmpty
        $lab.Cluster.Nodes.BootId | Should -Be $boots
    }

    It 'A node without history does not keep the others from going back' {
        $null = 'altra' | Install-TsNode -AuthKeyReference $lab.KeyReference -StateFolder $state -Confirm:$false
        $result = Invoke-Captured { 'ampone', 'altra' | Undo-TsNode -StateFolder $state -Confirm:$false }
        $result.Errors | Get-ErrorId | Should -Be NothingToUndo
        "$($result.Errors)" | Should -BeLike "*'ampone'*"
        @($lab.Cluster.Node('altra').Extensions | ForEach-Object Name) | Should -Not -Contain tailscale
    }
}
