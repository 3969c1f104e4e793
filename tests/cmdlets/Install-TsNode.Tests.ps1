BeforeAll {
    Import-Module "$PSScriptRoot/../Lab.psm1"

    # The nodes that Kubernetes gives no work, asked of its API as anybody would.
    function Get-Cordoned {
        $config = Get-Content $env:KUBECONFIG -Raw
        $certificate, $privateKey = 'certificate', 'key' | ForEach-Object {
            [System.Text.Encoding]::ASCII.GetString([convert]::FromBase64String([regex]::Match($config, "client-$_-data: (\S+)").Groups[1].Value))
        }
        $client = [System.Security.Cryptography.X509Certificates.X509Certificate2]::CreateFromPem($certificate, $privateKey)
        $nodes = (Invoke-RestMethod "$($lab.Kubernetes.Address)api/v1/nodes" -Certificate $client -SkipCertificateCheck).items
        $nodes.Count | Should -Be 3
        $nodes | Where-Object { $_.spec.PSObject.Properties['unschedulable'] -and $_.spec.unschedulable }
    }
}

Describe 'Install-TsNode' {
    BeforeEach {
        $lab = Start-Lab
        $key = $lab.KeyReference
        $state = Join-Path $lab.Folder state
    }

    AfterEach { Stop-Lab $lab }

    It 'The runbook is one command and a second run changes nothing' {
        $run = Invoke-Stopped {
            param($key, $state) Get-TsNode | Install-TsNode -AuthKeyReference $key -StateFolder $state -Confirm:$false
        } $key, $state -Timeout 00:10:00
        $run.Errors | Should -BeNullOrEmpty
        $steps = $run.Output
        # Every step is counted, against those of the plan.
        $run.Progress.StatusDescription -like "* of $($steps.Count) steps*" | Should -Not -BeNullOrEmpty
        $run.Progress.StatusDescription -like '* of 3 nodes*' | Should -Not -BeNullOrEmpty
        $steps.Status | Select-Object -Unique | Should -Be Done
        foreach ($node in $lab.Cluster.Nodes) {
            $node.Extensions.Name | Should -Contain tailscale
            $node.TailnetAddress | Should -Not -BeNullOrEmpty
        }
        Get-Cordoned | Should -BeNullOrEmpty
        # One after the other: no step of one node lies between two of another.
        $order = @($steps.Node)
        $changes = @(1..($order.Count - 1) | Where-Object { $order[$_] -ne $order[$_ - 1] }).Count
        $changes + 1 | Should -Be ($order | Select-Object -Unique).Count
        $steps | Where-Object { $_.Node -eq 'ampone' -and $_.Action -eq 'Activate' -and $_.Evidence -like '*exchanged*' } | Should -Not -BeNullOrEmpty

        $boots = $lab.Cluster.Nodes.BootId
        $again = Get-TsNode | Install-TsNode -AuthKeyReference $key -StateFolder $state -Confirm:$false
        $again.Action | Should -Not -Contain Activate
        $lab.Cluster.Nodes.BootId | Should -Be $boots
        Get-Content (Get-ChildItem $state) -Raw | Should -Not -BeLike "*$($lab.AuthKey)*"
    }

    It 'What if shows the plan and touches nothing' {
        $boots, $configs = $lab.Cluster.Nodes.BootId, $lab.Cluster.Nodes.ForEach({ $_.ActiveConfig.Text })
        $plan = Get-TsNode | Install-TsNode -StateFolder $state -WhatIf
        $plan.Nodes.Wave | Should -Be 1, 1, 1
        $plan.Nodes.IsControlPlane | Should -Be $true, $true, $true
        ($plan.Nodes | Where-Object Node -EQ ryzen).Method | Should -Be Upgrade
        ($plan.Nodes | Where-Object Node -EQ altra).Method | Should -Be UkiSwap
        $plan.Steps.Description | Should -Not -Contain ''
        $lab.Cluster.Nodes.BootId | Should -Be $boots
        $lab.Cluster.Nodes.ForEach({ $_.ActiveConfig.Text }) | Should -Be $configs
        $state | Should -Not -Exist
    }

    It 'A plan has the method and the schematic that were given' {
        $id = (New-TalosSchematic).Id
        $plan = Install-TsNode ampone -Method Upgrade -SchematicId $id -SkipDrain -ThrottleLimit 1 -StateFolder $state -WhatIf
        $plan.Nodes[0].Method, $plan.Nodes[0].SchematicId | Should -Be Upgrade, $id
        $plan.Steps.Action | Should -Not -Contain Drain
    }

    It 'A control plane that does not come back ends the rollout and the next run goes on' {
        $ampone = $lab.Cluster.Node('ampone')
        $ampone.Faults.Set([TalosTailscale.Lab.LabFault]::NeverBoots, [NullString]::Value)
        $result = Invoke-Captured { 'ampone', 'altra', 'ryzen' | Install-TsNode -AuthKeyReference $key -StateFolder $state -Timeout 00:00:04 -ContinueOnError -Confirm:$false }
        $result.Errors | Get-ErrorId | Should -Not -BeNullOrEmpty
        $result.Output | Where-Object { $_.Node -eq 'ampone' -and $_.Action -eq 'Return' -and $_.Status -eq 'Failed' } | Should -Not -BeNullOrEmpty
        foreach ($name in 'altra', 'ryzen') { $result.Output | Where-Object { $_.Node -eq $name -and $_.Status -eq 'Skipped' } | Should -Not -BeNullOrEmpty }
        @($lab.Cluster.Node('altra').Extensions | ForEach-Object Name) | Should -Not -Contain tailscale

        $ampone.Faults.Clear([TalosTailscale.Lab.LabFault]::NeverBoots)
        Restart-LabNode $ampone
        $boot = $ampone.BootId
        $again = Invoke-Captured { Get-TsNode | Install-TsNode -AuthKeyReference $key -StateFolder $state -Confirm:$false }
        $again.Errors | Should -BeNullOrEmpty
        $ampone.BootId | Should -Be $boot
        foreach ($node in $lab.Cluster.Nodes) { $node.TailnetAddress | Should -Not -BeNullOrEmpty }
        Get-Cordoned | Should -BeNullOrEmpty
    }

    # scality/metalk8s#2237: nodes are down, the dry run finds nothing wrong, and the operator takes that for leave to begin.
    It 'A plan says of a node that cannot be read that it was not read' {
        $altra = $lab.Cluster.Node('altra')
        $altra.Faults.Set([TalosTailscale.Lab.LabFault]::NeverBoots, [NullString]::Value)
        Restart-LabNode $altra -Down
        $plan = 'altra', 'ryzen' | Install-TsNode -StateFolder $state -WhatIf
        ($plan.Nodes | Where-Object Node -EQ altra).Reason | Should -BeLike 'the node could not be read (*'
        ($plan.Nodes | Where-Object Node -EQ ryzen).Reason | Should -Not -BeLike '*could not be read*'
    }

    It 'A dead member of etcd is removed and the installation goes on' {
        $null = $lab.Cluster.Etcd.AddStaleMember('gone', '192.168.1.99')
        $refused = Invoke-Captured { Install-TsNode ampone -AuthKeyReference $key -StateFolder $state -Confirm:$false }
        $refused.Errors | Get-ErrorId | Should -Be EtcdNotWhole
        "$($refused.Errors)" | Should -BeLike "*'gone'*"
        $refused.Errors[0].ErrorDetails.RecommendedAction | Should -BeLike '*Remove-TalosEtcdMember*'
        Get-TalosEtcdMember ryzen | Where-Object Hostname -EQ gone | Remove-TalosEtcdMember -Confirm:$false
        (Install-TsNode ampone -AuthKeyReference $key -StateFolder $state -Confirm:$false).Status | Select-Object -Unique | Should -Be Done
    }

    It 'In a cluster it needs the image of the module' {
        (Invoke-Captured { 'ryzen' | Install-TsNode -InCluster -Confirm:$false }).Errors | Get-ErrorId | Should -Be RolloutOptionInvalid
    }
}
