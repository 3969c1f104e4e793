# The runbook's fifth failure: a node rebooted and came back at 192.168.1.203, while everything says .202.
BeforeAll {
    Import-Module "$PSScriptRoot/../Lab.psm1"

    function Get-Drifted {
        $nodes = [TalosTailscale.Lab.LabNodeOptions]::Runbook | ForEach-Object {
            if ($_.Name -eq 'ampone') { $_ | Copy-NodeOption -Address 192.168.1.202 -KubernetesName talos-192-168-1-202 } else { $_ }
        }
        $lab = Start-Lab -Options @{ BootTime = [timespan]::Zero; Nodes = [TalosTailscale.Lab.LabNodeOptions[]] $nodes }
        # Without its HostnameConfig, which cutting a configuration at its first '---' loses.
        $null = Set-TalosMachinePatch 192.168.1.202 -Patch "apiVersion: v1alpha1`nkind: HostnameConfig`n`$patch: delete`n" -WarningAction SilentlyContinue
        foreach ($file in Get-ChildItem $lab.Devices -Recurse -File) {
            [System.IO.File]::WriteAllText($file, (Get-Content $file -Raw).Replace('192.168.1.203', '192.168.1.202').Replace('192-168-1-203', '192-168-1-202'))
        }
        $node = $lab.Cluster.Node('ampone')
        $node.Faults.Set([TalosTailscale.Lab.LabFault]::AddressChanged, '192.168.1.203')
        Restart-LabNode $node
        $lab
    }
}

Describe 'Update-TalosNodeAddress' {
    Context 'that changes nothing' {
        BeforeAll {
            $lab = Get-Drifted
            $stale = $lab.Cluster.Etcd.AddStaleMember('talos-192-168-1-202', '192.168.1.202')
            $recorded = Join-Path $lab.Devices ampone node.yaml
            $text = Get-Content $recorded -Raw
        }

        AfterAll { Stop-Lab $lab }

        It 'Looking and what if change nothing: <Text>' -ForEach @(
            @{ Text = 'looking'; More = @{} }
            @{ Text = '-WhatIf'; More = @{ Repair = 'All', 'Hostname'; WhatIf = $true } }
        ) {
            $before = Get-LabState $lab
            $references = Update-TalosNodeAddress ampone -Path $lab.Devices @More
            $references.Place | Should -Contain NodeFile
            $references.IsRepaired | Select-Object -Unique | Should -Be $false
            Get-LabState $lab | Should -Be $before
        }

        It 'An identity that was recorded is held against the machine' {
            try {
                Add-Content $recorded "nodeId: $($lab.Cluster.Node('ampone').NodeId)"
                $known = Invoke-Captured { Update-TalosNodeAddress ampone -Path $lab.Devices -Verbose }
                $known.Errors | Should -BeNullOrEmpty
                $known.Verbose -like '*by its recorded identity*' | Should -Not -BeNullOrEmpty
                (Invoke-Captured { Update-TalosNodeAddress ampone -Path $lab.Devices -NewAddress 192.168.1.194 }).Errors | Get-ErrorId | Should -Be AddressOfAnotherMachine
                Set-Content $recorded "${text}nodeId: another"
                (Invoke-Captured { Update-TalosNodeAddress ampone -Path $lab.Devices }).Errors | Get-ErrorId | Should -Be AddressOfAnotherMachine
            }
            finally { Set-Content $recorded $text -NoNewline }
        }

        # The last on this lab: a node stays down.
        It 'A stale etcd member stays while a control plane is silent, which it may be' {
            $altra = $lab.Cluster.Node('altra')
            $altra.Faults.Set([TalosTailscale.Lab.LabFault]::NeverBoots, [NullString]::Value)
            Restart-LabNode $altra -Down
            $run = Invoke-Captured { Update-TalosNodeAddress ampone -Path $lab.Devices -Repair EtcdMember -Confirm:$false }
            $run.Output | Where-Object IsRepaired | Should -BeNullOrEmpty
            $lab.Cluster.Etcd.Members.Id | Should -Contain $stale.Id
        }
    }

    It 'After the repair the inventory and etcd have the new address, and a second time there is nothing to do' {
        $lab = Get-Drifted
        try {
            $stale = $lab.Cluster.Etcd.AddStaleMember('talos-192-168-1-202', '192.168.1.202')
            $run = Invoke-Captured { Update-TalosNodeAddress ampone -Path $lab.Folder -Repair All -Confirm:$false }
            $run.Errors | Should -BeNullOrEmpty
            $run.Output | Where-Object IsRepaired -NE $true | ForEach-Object { "$_ $($_.Note)" } | Should -BeNullOrEmpty
            (Get-TsNode ampone).Address | Should -Be 192.168.1.203
            $lab.Cluster.Etcd.Members.Id | Should -Not -Contain $stale.Id
            Update-TalosNodeAddress ampone -Path $lab.Folder -OldAddress 192.168.1.202 | Should -BeNullOrEmpty
        }
        finally { Stop-Lab $lab }
    }
}
