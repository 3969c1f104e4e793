BeforeAll {
    Import-Module "$PSScriptRoot/../Lab.psm1"
    $swift = @{ Timeout = '00:00:20'; Confirm = $false }
    $uki = New-LabUki "$TestDrive/Talos-v1.12.4.efi"
}

# Nothing of this writes anything, so that one lab is enough.
Describe 'Invoke-UkiSwap refuses' {
    BeforeAll {
        $lab = Start-Lab
        Set-LabServiceConfig $lab
        $before = Get-EspState $lab
    }

    AfterAll { Stop-Lab $lab }

    AfterEach {
        Get-EspState $lab | Should -Be $before
        Wait-NoPod $lab
    }

    It 'A wrong image is refused and the partition keeps its bytes: <Id>' -ForEach @(
        @{ Spec = @{ Kind = 'Iso' }; Id = 'UkiHaltsIfInstalled' }
        @{ Spec = @{ Architecture = 'Amd64' }; Id = 'UkiArchitectureMismatch' }
        @{ Spec = @{ Version = 'v1.13.0' }; Id = 'UkiVersionMismatch' }
    ) {
        $wrong = New-LabUki "$TestDrive/wrong.efi" $Spec
        $result = Invoke-Captured { Invoke-UkiSwap ampone -Path $wrong -Reboot -Wait -Timeout 00:00:20 -Confirm:$false }
        $result.Errors | Get-ErrorId | Should -Contain $Id
        $result.Output | Should -BeNullOrEmpty
    }

    It 'WhatIf gives the plan and changes nothing' {
        $plan = Invoke-UkiSwap ampone -Path $uki -Reboot -WhatIf
        $plan.Allowed, $plan.Changes | Should -Be $true, $true -Because "$($plan.Gates)"
        $plan.BootedEntry | Should -Be Talos-v1.12.4.efi
    }

    It 'A path that is wrong is the only error' {
        (Invoke-Captured { Invoke-UkiSwap ampone -Path ./nothere.efi }).Errors | Get-ErrorId | Should -Be PathNotFound
    }

    It 'An image that does not do is refused before anything is written: <Image>' -ForEach @(
        @{ Image = 'docker.io/library/debian:13-slim'; Id = 'ImageWithoutFile'; Says = 'No such file' }
        @{ Image = 'ghcr.io/siderolabs/installer:v1.12.4'; Id = 'UkiWithoutTailscale'; Says = 'extensions: ' }
        @{ Image = 'registry.example.org/installer:v1.12.4'; Id = 'PodImageUnavailable'; Says = 'registry.example.org/installer:v1.12.4' }
    ) {
        $result = Invoke-Captured { Invoke-UkiSwap ampone -InstallerImage $Image -Confirm:$false }
        $result.Errors | Get-ErrorId | Should -Contain $Id
        "$($result.Errors)" | Should -BeLike "*$Says*"
    }

    It 'A gate that nothing skips is left out of -SkipGate' {
        $result = Invoke-Captured { Invoke-UkiSwap ampone -Path $uki -SkipGate Space, Quorum -WhatIf }
        $result.Errors | Get-ErrorId | Should -Be GateNotSkippable
        $result.Errors[0].ErrorDetails.RecommendedAction | Should -BeLike 'Leave it out*'
    }

    It 'A refused gate stops a swap and not its plan' {
        $lab.Cluster.Node('altra').Faults.Set([TalosTailscale.Lab.LabFault]::FullEsp, [NullString]::Value)
        try {
            $result = Invoke-Captured { Invoke-UkiSwap altra, ampone -Path $uki -Reboot -Wait -Confirm:$false }
            $plan = Invoke-Captured { Invoke-UkiSwap altra, ampone -Path $uki -Reboot -Wait -WhatIf }
        }
        finally { $lab.Cluster.Node('altra').Faults.Clear([TalosTailscale.Lab.LabFault]::FullEsp) }
        $result.Errors | Get-ErrorId | Should -Be EspFull, NodesNotBegun
        $result.Output | Should -BeNullOrEmpty
        $plan.Output.Node | Should -Be altra, ampone
        $plan.Errors | Get-ErrorId | Should -Be EspFull
    }
}

Describe 'Invoke-UkiSwap' {
    BeforeEach { $lab = $null }

    AfterEach { Stop-Lab $lab }

    It 'Swap, reboot and wait on two nodes, then the same again changes nothing' {
        $lab = Start-Lab
        Set-LabServiceConfig $lab
        $first = Invoke-UkiSwap ampone, altra -Path $uki -Reboot -Wait @swift
        $first.Node | Sort-Object | Should -Be altra, ampone
        foreach ($result in $first) {
            $result.Changed | Should -BeTrue
            $result.Checks | Where-Object Passed -NE $true | Should -BeNullOrEmpty
            $result.BootIdAfter | Should -Not -Be $result.BootIdBefore
        }
        Wait-NoPod $lab

        $before = Get-EspState $lab
        $again = Invoke-UkiSwap ampone, altra -Path $uki -Reboot -Wait @swift
        $again.Changed | Should -Be $false, $false
        $again.BootIdAfter | Where-Object { $_ } | Should -BeNullOrEmpty
        Get-EspState $lab | Should -Be $before
        Wait-NoPod $lab
    }

    It 'Whatever members are called a second control plane is not stopped: <Domain>' -ForEach @(
        @{ Domain = 'home.example.org'; Options = @{ Domain = 'home.example.org' } }
        @{ Domain = 'no discovery'; Options = @{ Discovery = $false } }
    ) {
        $lab = Start-Lab -Options $Options
        Set-LabServiceConfig $lab
        $down = $lab.Cluster.Node('altra')
        $down.Faults.Set([TalosTailscale.Lab.LabFault]::NeverBoots, [NullString]::Value)
        Restart-LabNode $down -Down
        $before = Get-EspState $lab
        (Invoke-Captured { Invoke-UkiSwap ampone -Path $uki -Reboot -Confirm:$false }).Errors | Get-ErrorId | Should -Contain QuorumAtRisk
        Get-EspState $lab | Should -Be $before
    }

    It 'Ctrl C while staging leaves no pod and the partition as it was' {
        $lab = Start-Lab
        Set-LabServiceConfig $lab
        $large = New-LabUki "$TestDrive/large.efi" @{ Size = 60000000 }
        $before = Get-EspState $lab
        $linux = Split-Path (Get-BootEntry $lab.Cluster.Node('ampone'))
        $null = Invoke-Stopped { param($path) Invoke-UkiSwap ampone -Path $path -Confirm:$false } $large { Get-ChildItem $linux -Filter '*.new-*' }
        Wait-NoPod $lab
        Get-EspState $lab | Should -Be $before
    }

    It 'What the gate HaltFlag is for: an installer image halts the node' {
        $lab = Start-Lab
        Set-LabServiceConfig $lab
        $node = $lab.Cluster.Node('ampone')
        # No gate can be told to let it pass; somebody with a disk in his hands could put it there.
        $null = New-LabUki (Get-BootEntry $node) @{ Kind = 'Iso' }
        (Get-TalosEsp ampone).Findings.Code | Should -Contain InstallerUki
        Restart-TalosNode ampone -Mode PowerCycle -Confirm:$false
        (Invoke-Captured { Wait-TalosNode ampone -Timeout 00:00:03 }).Errors | Get-ErrorId | Should -Be TalosWaitTimeout
        $node.KernelCommandLine | Should -BeLike '*talos.halt_if_installed=1*'
        $node.Stage | Should -Not -Be Running
    }

    It 'A node that does not come back is recovered by the steps in the message' {
        $lab = Start-Lab
        Set-LabServiceConfig $lab
        $node = $lab.Cluster.Node('ampone')
        $node.Faults.Set([TalosTailscale.Lab.LabFault]::NeverBoots, [NullString]::Value)
        $result = Invoke-Captured { Invoke-UkiSwap ampone -Path $uki -Reboot -Wait -Timeout 00:00:03 -Confirm:$false }
        $result.Errors | Get-ErrorId | Should -Contain NodeNotBack
        $message = "$($result.Errors)"
        $backup = (Get-ChildItem (Split-Path (Get-BootEntry $node)) -Filter '*.bak.*').Name
        $message.Contains("cp FS0:\EFI\Linux\$backup FS0:\EFI\Linux\Talos-v1.12.4-old.efi") | Should -BeTrue -Because $message
        $message.Contains("mv FS0:\EFI\Linux\$backup FS0:\EFI\Linux\Talos-v1.12.4.efi") | Should -BeTrue -Because $message
        $message | Should -BeLike '*systemd-boot menu*'
    }

    It 'A failed check after a swap is an error and the next node is not begun, unless it is to go on' {
        $lab = Start-Lab -Fault ExpiredKey@altra
        Set-LabServiceConfig $lab
        $ampone = $lab.Cluster.Node('ampone')
        $before = $ampone.BootId
        $result = Invoke-Captured { Invoke-UkiSwap altra, ampone -Path $uki -Reboot -Wait -Timeout 00:00:04 -Confirm:$false }
        $result.Output.Node | Should -Be altra
        $result.Errors | Get-ErrorId | Should -Be SwapNotVerified, NodesNotBegun
        "$($result.Errors[0])" | Should -BeLike "*'altra'*Tailnet address*"
        "$($result.Errors[1])" | Should -BeLike "*not begun: 'ampone'*"
        $ampone.BootId | Should -Be $before
        @(Get-ChildItem (Split-Path (Get-BootEntry $ampone))).Count | Should -Be 1
    }

    It 'ContinueOnError goes on and the failure is an error all the same' {
        $lab = Start-Lab -Fault ExpiredKey@altra
        Set-LabServiceConfig $lab
        $result = Invoke-Captured { Invoke-UkiSwap altra, ampone -Path $uki -Reboot -Wait -Timeout 00:00:04 -Confirm:$false -ContinueOnError }
        $result.Output.Node | Should -Be altra, ampone
        $result.Errors | Get-ErrorId | Should -Be SwapNotVerified
    }

    It 'A swap goes on without a reboot or with the gates named, as the refusal advises' {
        $lab = Start-Lab
        Set-LabServiceConfig $lab
        $down = $lab.Cluster.Node('altra')
        $down.Faults.Set([TalosTailscale.Lab.LabFault]::NeverBoots, [NullString]::Value)
        Restart-LabNode $down -Down
        $ampone = $lab.Cluster.Node('ampone')
        $boot = $ampone.BootId

        $quorum = (Invoke-Captured { Invoke-UkiSwap ampone -Path $uki -Reboot -Confirm:$false }).Errors | Where-Object FullyQualifiedErrorId -Like 'QuorumAtRisk*'
        $quorum.ErrorDetails.RecommendedAction | Should -BeLike '*leave out -Reboot*'
        $quorum.ErrorDetails.RecommendedAction | Should -BeLike '*-SkipGate Quorum*'
        (Invoke-UkiSwap ampone -Path $uki -Confirm:$false).Changed | Should -BeTrue
        $ampone.BootId | Should -Be $boot

        # The image is there; to restart is refused as before, and goes on with the gate named.
        (Invoke-Captured { Invoke-UkiSwap ampone -Path $uki -Reboot -Confirm:$false }).Errors | Get-ErrorId | Should -Contain QuorumAtRisk
        $null = Invoke-UkiSwap ampone -Path $uki -Reboot -SkipGate Quorum -Confirm:$false
        Wait-Until { $ampone.BootId -ne $boot }
    }

    It 'Subnets are set as the refusal says and the swap goes on' {
        $lab = Start-Lab
        Set-LabServiceConfig $lab
        $null = Set-TalosMachinePatch ampone -Patch 'machine: {kubelet: {nodeIP: {validSubnets: {$patch: delete}}}}' -Confirm:$false -WarningAction SilentlyContinue
        $refused = Invoke-Captured { Invoke-UkiSwap ampone -Path $uki -Confirm:$false }
        $refused.Errors | Get-ErrorId | Should -Be NodeSubnetsMissing
        $refused.Errors[0].ErrorDetails.RecommendedAction | Should -BeLike '*machine.kubelet.nodeIP.validSubnets*'
        $null = Set-TalosMachinePatch ampone -Patch 'machine: {kubelet: {nodeIP: {validSubnets: [192.168.1.0/24]}}}' -Confirm:$false
        (Invoke-UkiSwap ampone -Path $uki -Confirm:$false).Changed | Should -BeTrue
    }

    It 'A swap that cannot be done says why and leaves every boot entry as it was: <Fault>' -ForEach @(
        @{ Fault = 'PodSecurity'; Id = 'PodSecurityRefused'; Says = 'violates PodSecurity' }
        @{ Fault = 'UnpullableImage=docker.io/library/debian:13-slim'; Id = 'PodImageUnavailable'; Says = 'docker.io/library/debian:13-slim' }
        @{ Fault = 'MissingRight=create pods'; Id = 'KubernetesForbidden'; Says = "'create' on 'pods'" }
        @{ Fault = 'MissingRight'; Id = 'KubernetesForbidden'; Says = "'pods/exec'" }
        @{ Fault = 'KilledShell'; Id = 'ShellMachineUnknown'; Says = 'exit code 137' }
        @{ Fault = 'FullEsp'; Id = 'EspFull'; Says = 'bytes' }
        @{ Fault = 'ReadOnlyEsp'; Id = 'EspReadOnly'; Says = 'read-only' }
        @{ Fault = 'EvictedPod=100000'; Id = 'PodEvicted'; Says = 'low on resource' }
    ) {
        if ($Fault -eq 'ReadOnlyEsp' -and [Environment]::IsPrivilegedProcess -and -not (Test-Path /usr/bin/setpriv)) {
            Set-ItResult -Skipped -Because 'setpriv is not installed, and root may write anything'
            return
        }
        $lab = Start-Lab -Fault $Fault
        Set-LabServiceConfig $lab
        $small = New-LabUki "$TestDrive/small.efi" @{ Size = 400000 }
        $before = Get-EspState $lab
        $result = Invoke-Captured { Invoke-UkiSwap ampone -Path $small -Confirm:$false }
        $result.Errors | Get-ErrorId | Should -Contain $Id
        "$($result.Errors)" | Should -BeLike "*$Says*"
        $result.Output | Should -BeNullOrEmpty
        Wait-NoPod $lab
        # A shell that is gone cannot take back what it staged; that is no boot entry, and the user is told of it.
        $after = Get-EspState $lab
        $after | Where-Object { $_ -in $before } | Should -Be $before
        $staged = @($after | Where-Object { $_ -notin $before } | ForEach-Object { ($_ -split ' ')[0] })
        ($staged.Count -gt 0) | Should -Be ($Fault -like 'EvictedPod*')
        foreach ($file in $staged) {
            $file | Should -Not -BeLike '*.efi'
            if ($file -like '*.new-*') { "$($result.Warnings)" | Should -BeLike "*$(Split-Path $file -Leaf)*" }
        }
    }

    It 'A transfer that is cut is finished all the same' {
        $lab = Start-Lab -Fault CutTransfer=100000
        Set-LabServiceConfig $lab
        $small = New-LabUki "$TestDrive/small.efi" @{ Size = 400000 }
        $swap = Invoke-UkiSwap ampone -Path $small -Confirm:$false
        $swap.Changed | Should -BeTrue
        $swap.Checks | Where-Object Passed -NE $true | Should -BeNullOrEmpty
        (Get-ChildItem (Split-Path (Get-BootEntry $lab.Cluster.Node('ampone')))).Name | Sort-Object | Should -Be $swap.BootedEntry, $swap.Backup
        Wait-NoPod $lab
    }
}

Describe 'Invoke-UkiSwap by way of Talos' {
    BeforeAll {
        $lab = Start-Lab -Options @{ TalosVersion = 'v1.13.2' }
        Set-LabServiceConfig $lab
        $newer = New-LabUki "$TestDrive/Talos-v1.13.2.efi" @{ Version = 'v1.13.2' }
    }

    AfterAll { Stop-Lab $lab }

    It 'An installer image needs a pod' {
        (Invoke-Captured { Invoke-UkiSwap ampone -InstallerImage ghcr.io/siderolabs/installer:v1.13.2 -Via Talos -Confirm:$false }).Errors | Get-ErrorId | Should -Be ShellCannotBorrow
    }

    It 'By way of Talos everything works while Kubernetes is down' {
        $down = $lab.Kubernetes.RestartAsync([timespan] '0:10:0')
        $done = Invoke-UkiSwap ampone -Path $newer -Via Talos -SkipGate ControlPlane -Reboot -Wait -Timeout 00:00:30 -Confirm:$false
        $done.Changed | Should -BeTrue
        $done.Checks | Where-Object Passed -NE $true | Should -BeNullOrEmpty
        ((Get-TalosEsp ampone -Via Talos).Files | Where-Object IsBooted).Sha256 | Should -Be $done.NewSha256
        (Restore-Uki ampone -Via Talos -Confirm:$false).NewSha256 | Should -Be $done.OldSha256
        $lab.Kubernetes.Pods | Should -BeNullOrEmpty
        $down.IsCompleted | Should -BeFalse
    }
}
