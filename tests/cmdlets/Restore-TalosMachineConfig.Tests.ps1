# A backup knows its machine: it goes back onto that one without being named, and onto no other.
BeforeAll {
    Import-Module "$PSScriptRoot/../Lab.psm1"
    $suffix = '.machineconfig.bak.yaml'
    function Set-Rack([string[]] $Node) { Set-TalosMachinePatch $Node 'machine: {nodeLabels: {rack: b}}' -Confirm:$false }
}

Describe 'Restore-TalosMachineConfig' {
    BeforeEach {
        $lab = Start-Lab
        $altra = $lab.Cluster.Node('altra')
        $before = $altra.ActiveConfig.Text
    }

    AfterEach { Stop-Lab $lab }

    It 'A backup brings back what was there' {
        $first = Set-Rack altra
        (Set-TalosMachinePatch altra 'machine: {nodeLabels: {zone: c}}').Applied | Should -BeTrue
        $altra.ActiveConfig.Text | Should -BeLike '*zone: c*'
        ($first | Restore-TalosMachineConfig -Confirm:$false).Applied | Should -BeTrue
        $altra.ActiveConfig.Text | Should -Be $before
    }

    It 'Restoring a file that lacks documents is refused' {
        $path = Join-Path $lab.Folder "altra-20260101T000000Z$suffix"
        [System.IO.File]::WriteAllText($path, $before.Substring(0, $before.IndexOf("`n---")) + "`n")
        $run = Invoke-Captured { Restore-TalosMachineConfig altra $path -Confirm:$false }
        $run.Errors | Get-ErrorId | Should -Be MachineConfigDocumentsLost
        "$($run.Errors)" | Should -BeLike '*HostnameConfig*'
        $altra.ActiveConfig.Text | Should -Be $before
    }

    It 'A backup of another node is refused whatever the file is called' {
        $backup = (Set-Rack ryzen).BackupPath
        $copy = Join-Path $lab.Folder "altra-20261129T000000Z$suffix"
        Copy-Item $backup $copy
        foreach ($path in $backup, $copy) {
            $run = Invoke-Captured { Restore-TalosMachineConfig altra $path -Confirm:$false }
            $run.Errors | Get-ErrorId | Should -Be BackupOfAnotherMachine
            "$($run.Errors)" | Should -BeLike "*it is of 'ryzen', machine *"
        }
        $altra.ActiveConfig.Text | Should -Be $before
        $forced = Invoke-Captured { Restore-TalosMachineConfig altra $backup -Force -WhatIf }
        $forced.Errors | Should -BeNullOrEmpty
        "$($forced.Warnings)" | Should -BeLike "*it is of 'ryzen'*"
    }

    It 'Without a path it is the nodes own newest and a second time changes nothing' {
        $null = Set-Rack altra
        $null = Set-Rack ryzen
        $back = Restore-TalosMachineConfig altra -Confirm:$false
        $back.Applied | Should -BeTrue
        $altra.ActiveConfig.Text | Should -Be $before
        (Restore-TalosMachineConfig altra -Confirm:$false).Changed | Should -BeFalse
        $altra.ActiveConfig.Text | Should -Be $before

        # What was there before going back is a backup too, by name.
        (Restore-TalosMachineConfig altra $back.BackupPath -Confirm:$false).Applied | Should -BeTrue
        $altra.ActiveConfig.Text | Should -BeLike '*rack: b*'
        (Invoke-Captured { Restore-TalosMachineConfig ampone -Confirm:$false }).Errors | Get-ErrorId | Should -Be MachineConfigBackupNotFound
    }

    It 'A first line that somebody wrote in says nothing' {
        $backup = (Set-Rack altra).BackupPath
        $rest = (Get-Content $backup -Raw).Split("`n", 2)[1].Replace("auto: `"off`"`nhostname: talos-192-168-1-85", 'auto: stable')
        foreach ($line in '{"node":"altra"', ('[' * 200000), 'null') {
            [System.IO.File]::WriteAllText($backup, "# TalosTailscale backup: $line`n$rest")
            (Invoke-Captured { Restore-TalosMachineConfig altra $backup -Confirm:$false }).Errors | Get-ErrorId | Should -Be BackupOfAnotherMachine
        }
    }

    It 'Each node of a pipeline gets its own backup' {
        $all = $lab.Cluster.Nodes.ActiveConfig.Text
        Set-Rack altra, ryzen, ampone | Restore-TalosMachineConfig -Confirm:$false | Should -Not -BeNullOrEmpty
        $lab.Cluster.Nodes.ActiveConfig.Text | Should -Be $all
    }

    It 'Tab completes with the nodes own backups newest first' {
        $own = (Set-Rack altra).BackupPath
        $null = Set-Rack ryzen
        $null = Restore-TalosMachineConfig altra -Confirm:$false
        $folder = Split-Path $own
        $found = @(Complete-Line "Restore-TalosMachineConfig altra -BackupFolder '$folder' -BackupPath §")
        $found.Count | Should -Be 2
        $found[0].ToolTip | Should -BeLike '*before a restore'
        $found[1].CompletionText.Trim("'") | Should -Be $own
        $found[1].ToolTip | Should -BeLike '*before a patch'
        Complete-Line "Restore-TalosMachineConfig x -BackupFolder '$folder' -BackupPath §" | Where-Object ToolTip -Like '*altra*' | Should -BeNullOrEmpty
    }
}

# Files of before the first line told the machine, and of other tools. The facts of the fourth case are those of
# aws/eks-anywhere#6783: what was kept of w01 is restored on w02, and its nodes are called after w01.
Describe 'Restore-TalosMachineConfig of an older file' {
    BeforeAll {
        $lab = Start-Lab
        $text = $lab.Cluster.Node('altra').ActiveConfig.Text
    }

    AfterAll { Stop-Lab $lab }

    It 'An older file is held against what tells machines apart: <Name>, <To>' -ForEach @(
        @{ Name = 'altra'; From = ''; To = ''; Doubt = $null }
        @{ Name = 'copied'; From = ''; To = ''; Doubt = $null }
        @{ Name = 'ryzen'; From = ''; To = ''; Doubt = "its name says that it is of 'ryzen'" }
        @{ Name = 'altra'; From = 'hostname: talos-192-168-1-85'; To = 'hostname: w01'; Doubt = "its host name is 'w01'" }
        @{ Name = 'altra'; From = 'type: controlplane'; To = 'type: worker'; Doubt = "its machine type is 'worker'" }
        @{ Name = 'altra'; From = '{secret}'; To = 'c2VjcmV0IG9mIGFub3RoZXIgY2x1c3Rlcg=='; Doubt = 'another cluster (cluster.secret differs)' }
        @{ Name = 'copied'; From = "auto: `"off`"`nhostname: talos-192-168-1-85"; To = 'auto: stable'; Doubt = 'nothing in it says of which machine' }
    ) {
        $found = if ($From -eq '{secret}') { [regex]::Match($text, '(?m)^ *secret: (.*)$').Groups[1].Value } else { $From }
        $text.Contains($found) | Should -BeTrue
        $file = Join-Path $lab.Folder ($Name -eq 'copied' ? 'copied.yaml' : "$Name-20260101T000000Z$suffix")
        [System.IO.File]::WriteAllText($file, ($found ? $text.Replace($found, $To) : $text))
        $run = Invoke-Captured { Restore-TalosMachineConfig altra $file -WhatIf }
        if (-not $Doubt) { $run.Errors | Should -BeNullOrEmpty }
        else {
            $run.Errors | Get-ErrorId | Should -Be BackupOfAnotherMachine
            "$($run.Errors)".Contains($Doubt) | Should -BeTrue -Because "$($run.Errors)"
        }
        $run.Text | Should -Not -BeLike '*c2VjcmV0*'
    }
}
