BeforeAll {
    Import-Module "$PSScriptRoot/../Lab.psm1"
    $image = 'registry.ide-newton.ts.net/lab/registry-smoketest:1'
    # A node whose login failed counts as done, too.
    $joinedOrNot = {
        param($node)
        $node.TailnetAddress -or ($node.Stage -eq 'Running' -and ($node.Services['ext-tailscale'].Events.Message -like 'Error running*'))
    }
}

Describe 'Test-TsCluster' {
    BeforeAll {
        $lab = Start-Lab
        Add-LabExtension $lab $joinedOrNot
    }

    AfterAll { Stop-Lab $lab }

    It 'A healthy cluster passes and no pod is left' {
        $checks = Test-TsCluster -RegistryImage $image
        $checks | Where-Object Status -NE Pass | ForEach-Object { "$($_.Name) $($_.Status)" } | Should -Be 'RegistryPods Skipped'
        $checks | ForEach-Object { "$($_.Node) $($_.Name)" } | Should -Be @(
            'altra KubernetesNode', 'altra PodPull', 'ampone KubernetesNode', 'ampone PodPull', 'ryzen KubernetesNode', 'ryzen PodPull',
            'cluster SameCluster', 'cluster StaleNodes', 'cluster EtcdMembers', 'cluster EtcdLeader', 'cluster LoadBalancer', 'cluster RegistryPods'
        )
        $lab.Kubernetes.Pods | Should -BeNullOrEmpty
    }

    It 'It says where it asked and what came of it' {
        $quiet = Invoke-Captured { Test-TsCluster -Quiet -SkipCheck PodPull -Verbose }
        $quiet.Output | Should -Be @($true)
        $quiet.Verbose -like "Kubernetes is asked at 'https://*" | Should -Not -BeNullOrEmpty
        "$($quiet.Verbose -join '|')" | Should -BeLike '*The cluster: 9 checks, 0 failed.*'
        (Get-TsNode ampone | Test-TsCluster -Check KubernetesNode).Node | Should -Be ampone
    }

    It 'Quiet is false where it could not be looked at: <Script>' -ForEach @(
        @{ Script = { Test-TsCluster -Quiet -Check PodPull } }
        @{ Script = { Test-TsCluster ryzen, nosuch -Quiet -Check KubernetesNode } }
        @{ Script = { @() | Test-TsCluster -Quiet -Check KubernetesNode } }
    ) { (Invoke-Captured $Script).Output | Should -Be @($false) }

    It 'A stop deletes the pods' {
        $lab.Cluster.Node('ampone').Faults.Set([TalosTailscale.Lab.LabFault]::NoNames, [NullString]::Value)
        try {
            $run = Invoke-Stopped { param($image) Test-TsCluster -Check PodPull -RegistryImage $image } $image { $lab.Kubernetes.Pods.Count -gt 0 }
            $run.Errors | Should -BeNullOrEmpty
            Wait-NoPod $lab
        }
        finally { $lab.Cluster.Node('ampone').Faults.Clear([TalosTailscale.Lab.LabFault]::NoNames) }
    }

    # The last on this lab: the node keeps its new address.
    It 'A node at another address is seen in Kubernetes, etcd and the load balancer' {
        $node = $lab.Cluster.Node('ampone')
        $node.Faults.Set([TalosTailscale.Lab.LabFault]::AddressChanged, '192.168.1.204')
        $before = $node.BootId
        $node.PowerCycle()
        Wait-Until { $node.BootId -ne $before -and $node.Stage -eq 'Running' }
        $checks = Test-TsCluster -SkipCheck PodPull
        $drifted = $checks | Where-Object { $_.Name -eq 'KubernetesNode' -and $_.Node -eq 'ampone' }
        $drifted.Status, $drifted.Cause, $drifted.FailureMode | Should -Be Fail, NodeAddressDrift, 5
        $members = $checks | Where-Object Name -EQ EtcdMembers
        $members.Status, $members.FailureMode | Should -Be Fail, 5
        Test-TsCluster -Quiet -Check KubernetesNode | Should -BeFalse

        # The inventory is corrected, and HAProxy is not.
        $file = Join-Path $lab.Devices ampone node.yaml
        Set-Content $file (Get-Content $file -Raw).Replace('192.168.1.203', '192.168.1.204') -NoNewline
        $balancer = Test-TsCluster -Check LoadBalancer
        $balancer.Status, $balancer.Cause, $balancer.FailureMode | Should -Be Fail, LoadBalancerStale, 5
        $balancer.Evidence | Should -BeLike '*192.168.1.203*'
    }
}

Describe 'Test-TsCluster of nodes with a fault' {
    BeforeEach { $lab = $null }

    AfterEach { Stop-Lab $lab }

    It 'A name that changed leaves a stale node' {
        $lab = Start-Lab -Fault Renamed@ampone=talos-xyz-123
        Add-LabExtension $lab $joinedOrNot
        $checks = Test-TsCluster -Check KubernetesNode, StaleNodes
        ($checks | Where-Object Node -EQ ampone).Cause | Should -BeIn NodeNameDrift, KubernetesNodeNotReady
    }

    It 'A node out of the tailnet does not pull and its pod is deleted' {
        $lab = Start-Lab -Fault ExpiredKey@ampone
        Add-LabExtension $lab $joinedOrNot
        $checks = Test-TsCluster -Check PodPull -RegistryImage $image
        $out = $checks | Where-Object Node -EQ ampone
        $out.Status, $out.Cause | Should -Be Fail, RegistryNameUnresolved
        @($checks | Where-Object Status -EQ Pass).Count | Should -Be 2
        $lab.Kubernetes.Pods | Should -BeNullOrEmpty
    }
}
