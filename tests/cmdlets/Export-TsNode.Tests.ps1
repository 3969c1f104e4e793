# What Get-TsNode -Discover proposes, and the files of it.
BeforeAll {
    Import-Module "$PSScriptRoot/../Lab.psm1"
    $lab = Start-Lab
    function Get-Facts { $input | ForEach-Object { "$($_.Name) $($_.Address) $($_.Architecture) $($_.KubernetesName) $($_.Activation) $($_.NodeId)" } }
}

AfterAll { Stop-Lab $lab }

Describe 'Export-TsNode' {
    BeforeEach { $folder = Join-Path $TestDrive ([guid]::NewGuid()) }

    It 'Proposals read back equal from an empty folder' {
        $null = New-Item -ItemType Directory $folder
        Get-TsNode -Discover -Inventory $folder | Export-TsNode $folder
        $proposals = Get-TsNode -Discover -Inventory $folder
        $proposals.Name | Should -Be talos-192-168-1-194, talos-192-168-1-203, talos-192-168-1-85
        $nodes = Get-TsNode -Inventory $folder
        $nodes | Get-Facts | Should -Be ($proposals | Get-Facts)
        $proposals.IsKnown | Should -Be $true, $true, $true
        $proposals.Activation | Should -Be Upgrade, UkiSwap, UkiSwap
        $proposals.EspDevice | Select-Object -Unique | Should -Be /dev/nvme0n1p1
        $nodes.NodeId | Should -Not -Contain $null

        # A second time there is nothing to write.
        $twice = Invoke-Captured { Get-TsNode -Discover -Inventory $folder | Export-TsNode $folder -PassThru }
        $twice.Warnings + $twice.Errors | Should -BeNullOrEmpty
        $twice.Output.Count | Should -Be 3
    }

    It 'Names of the inventory are kept and its files too' {
        $node = Join-Path $lab.Devices ampone node.yaml
        $before = Get-Content $node -Raw
        $run = Invoke-Captured { Get-TsNode -Discover am* | Export-TsNode $lab.Devices }
        $run.Errors | Should -BeNullOrEmpty
        "$($run.Warnings)" | Should -BeLike '*-Force*'
        Get-Content $node -Raw | Should -Be $before

        (Get-TsNode -Discover am* | Export-TsNode $lab.Devices -Force -PassThru).Name | Should -Be ampone
        Get-Content $node -Raw | Should -BeLike "*$($lab.Cluster.Node('ampone').NodeId)*"
    }

    It 'What if writes nothing' {
        Get-TsNode -Discover | Export-TsNode $folder -WhatIf
        $folder | Should -Not -Exist
    }

    It 'The proposed files do for the runbook' {
        $null = Get-TsNode -Discover -Inventory $lab.Devices | Export-TsNode $folder
        $patched = Get-TsNode -Inventory $folder | New-TsExtensionServiceConfig -AuthKeyReference $lab.KeyReference -PassThru |
            Set-TalosMachinePatch -Inventory $folder -ServiceTimeout 0
        $patched.Applied | Should -Be $true, $true, $true
        $names = Get-TsNode -Inventory $folder
        foreach ($node in $lab.Cluster.Nodes) { $node.ActiveConfig.Text | Should -BeLike "*TS_HOSTNAME=$(($names | Where-Object Address -EQ $node.Address).Name)*" }
    }
}
