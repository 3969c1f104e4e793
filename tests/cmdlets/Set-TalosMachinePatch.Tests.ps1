BeforeAll {
    Import-Module "$PSScriptRoot/../Lab.psm1"
    function Write-Config([string] $Name, [string] $Text) { [System.IO.File]::WriteAllText("$TestDrive/$Name", $Text); "$TestDrive/$Name" }
}

# On files: no talosconfig, no node.
Describe 'Set-TalosMachinePatch offline' {
    It 'Patches come in every shape: <Patch>' -ForEach @(
        @{ Patch = { 'machine: {nodeLabels: {rack: b}}' } }
        @{ Patch = { '{machine: {nodeLabels: {rack: b}}}' } }
        @{ Patch = { @{ machine = @{ nodeLabels = @{ rack = 'b' } } } } }
        @{ Patch = { [pscustomobject] @{ machine = [pscustomobject] @{ nodeLabels = @{ rack = 'b' } } } } }
        @{ Patch = { $file } }
        @{ Patch = { "@$file" } }
        @{ Patch = { [System.IO.FileInfo] $file } }
        @{ Patch = { @{ op = 'replace'; path = '/machine/nodeLabels/rack'; value = 'b' } } }
    ) {
        $config = Write-Config node.yaml "version: v1alpha1`nmachine:`n  type: worker`n  nodeLabels:`n    rack: a # keep`n"
        $file = Write-Config patch.yaml "machine:`n  nodeLabels:`n    rack: b`n"
        $target = "$TestDrive/out.yaml"
        $result = Set-TalosMachinePatch -Path $config -Patch (& $Patch) -OutFile $target
        $result.Changed, $result.Applied, $result.Node | Should -Be $true, $true, 'node.yaml'
        Get-Content $target -Raw | Should -Be "version: v1alpha1`nmachine:`n  type: worker`n  nodeLabels:`n    rack: b # keep`n"
        if (-not $IsWindows) { [System.IO.File]::GetUnixFileMode($target) | Should -Be ([System.IO.UnixFileMode] 'UserRead, UserWrite') }
    }

    It 'Numbers booleans and lists keep their types' {
        $config = Write-Config node.yaml "machine:`n  type: worker`n"
        $interface = @{ interface = 'eth0'; mtu = 9000; dhcp = $true; addresses = @('10.0.0.1/8') }
        (Set-TalosMachinePatch -Path $config -OutFile $config -Patch @{ machine = @{ network = @{ interfaces = @($interface) } } }).Applied | Should -BeTrue
        $text = Get-Content $config -Raw
        foreach ($part in "mtu: 9000`n", "dhcp: true`n", "- 10.0.0.1/8`n") { $text | Should -BeLike "*$part*" }
    }

    It 'Without a target nothing is written and the difference is shown' {
        $config = Write-Config node.yaml "machine:`n  token: aaaaaa.bbbbbbbbbbbbbbbb`n  type: worker`n"
        $run = Invoke-Captured { param($config) Set-TalosMachinePatch -Path $config -Patch 'machine: {type: controlplane}' } $config
        $run.Errors | Should -BeNullOrEmpty
        $run.Output.Changed, $run.Output.Applied, $run.Output.OutFile | Should -Be $true, $false, $null
        $run.Output.Diff | Should -BeLike "*+  type: controlplane`n*"
        $run.Text | Should -Not -BeLike '*aaaaaa.bbbbbbbbbbbbbbbb*'
        Get-Content $config -Raw | Should -BeLike '*type: worker*'
    }

    It 'Keys that are not known are taken when asked for' {
        $config = Write-Config node.yaml "version: v1alpha1`nmachine:`n  type: worker`n"
        (Invoke-Captured { Set-TalosMachinePatch -Path $config -Patch 'machine: {futureKey: 1}' }).Errors | Get-ErrorId | Should -Be PatchUnknownKey
        (Set-TalosMachinePatch -Path $config -Patch 'machine: {futureKey: 1}' -AllowUnknownKey).Changed | Should -BeTrue
    }

    It 'A bad patch is one clear error and changes nothing: <Id>' -ForEach @(
        @{ Patch = 'machine: [}'; Id = 'YamlInvalid' }
        @{ Patch = @{ machine = @{ nework = @{} } }; Id = 'PatchUnknownKey' }
        @{ Patch = './no-such-file.yaml'; Id = 'PathNotFound' }
        @{ Patch = [System.Threading.CancellationToken]::None; Id = 'PatchObjectInvalid' }
    ) {
        $config = Write-Config node.yaml "machine:`n  type: worker`n"
        $run = Invoke-Captured { param($config, $patch) Set-TalosMachinePatch -Path $config -Patch $patch -OutFile $config } $config, $Patch
        $run.Errors | Get-ErrorId | Should -Be $Id
        Get-Content $config -Raw | Should -Be "machine:`n  type: worker`n"
    }
}

Describe 'Set-TalosMachinePatch' {
    BeforeAll {
        $faults = [TalosTailscale.Lab.LabFault]
        $label = 'machine: {nodeLabels: {rack: b}}'
        # What can only change with a reboot (siderolabs/talos CanApplyImmediate).
        $encryption = 'machine: {systemDiskEncryption: {ephemeral: {provider: luks2, keys: [{slot: 0, nodeID: {}}]}}}'
    }

    Context 'that changes nothing' {
        BeforeAll {
            $lab = Start-Lab
            $ampone = $lab.Cluster.Node('ampone')
        }

        AfterAll { Stop-Lab $lab }

        BeforeEach { $before = $ampone.ActiveConfig.Text }

        AfterEach { $ampone.ActiveConfig.Text, $ampone.PersistentConfig.Text | Should -Be $before, $before }

        It 'WhatIf shows the masked difference and changes nothing' {
            $patch = @{ apiVersion = 'v1alpha1'; kind = 'ExtensionServiceConfig'; name = 'tailscale'; environment = @("TS_AUTHKEY=$($lab.AuthKey)", 'TS_HOSTNAME=ampone') }
            $run = Invoke-Captured { Set-TalosMachinePatch ampone $patch -WhatIf -Verbose }
            $run.Output.Changed, $run.Output.Applied, $run.Output.Mode, $run.Output.BackupPath | Should -Be $true, $false, $null, $null
            $run.Output.Diff | Should -Match '(?m)^\+ *- TS_AUTHKEY=\*\*\*'
            $run.Text | Should -Not -BeLike "*$($lab.AuthKey)*"
        }

        It 'A refusal of the node comes from the dry run and changes nothing' {
            $ampone.Faults.Set($faults::RejectsConfig, 'configuration validation failed: not today')
            try { $run = Invoke-Captured { Set-TalosMachinePatch ampone $label } }
            finally { $ampone.Faults.Clear($faults::RejectsConfig) }
            $run.Errors | Get-ErrorId | Should -Be TalosInvalidRequest
            "$($run.Errors)" | Should -BeLike '*not today*'
        }

        It 'A change that needs a reboot is refused without secrets' {
            $run = Invoke-Captured { Set-TalosMachinePatch ampone 'machine: {token: bbbbbb.cccccccccccccccc}' }
            $run.Errors | Get-ErrorId | Should -Not -BeNullOrEmpty
            $run.Text | Should -Not -BeLike '*bbbbbb.cccccccccccccccc*'
        }

        It 'A diff of the node shows no contents of files' {
            $run = Invoke-Captured { Set-TalosMachinePatch ampone 'machine: {files: [{path: /var/a, op: create, permissions: 384, content: "hunter2-in-a-file"}]}' }
            $run.Errors | Get-ErrorId | Should -Be TalosChangeNeedsReboot
            $message = ($run.Errors[0].Exception.ToString() -split '--->')[0]
            $message | Should -BeLike '*/var/a*'
            $message | Should -Not -BeLike '*hunter2*'
        }

        It 'Strict makes warnings errors and sends nothing' {
            $run = Invoke-Captured { Set-TalosMachinePatch ampone 'machine: {install: {extensions: [{image: a/b:1}]}}' -Strict }
            $run.Errors | Get-ErrorId | Should -Be MachineConfigWarningsRefused
            "$($run.Errors)" | Should -BeLike '*no effect since Talos 1.10*'
        }
    }

    Context 'to its good end' {
        BeforeEach {
            $lab = Start-Lab
            $ampone = $lab.Cluster.Node('ampone')
            $before = $ampone.ActiveConfig.Text
            $boot = $ampone.BootId
        }

        AfterEach { Stop-Lab $lab }

        It 'The runbook patches a node and loses nothing' {
            $run = Invoke-Captured { Get-TsNode ampone | New-TsExtensionServiceConfig -AuthKeyReference $lab.KeyReference -PassThru | Set-TalosMachinePatch -Verbose }
            $run.Errors + $run.Warnings | Should -BeNullOrEmpty
            $result = @($run.Output | Where-Object { $_ -is [TalosTailscale.MachinePatchResult] })[0]
            $after = $ampone.ActiveConfig.Text
            $result.Node, $result.Changed, $result.Applied, $result.Mode | Should -Be ampone, $true, $true, NoReboot
            $result.Documents | Where-Object { $_.Kind -eq 'ExtensionServiceConfig' -and $_.Name -eq 'tailscale' -and $_.Change -eq 'Added' } | Should -Not -BeNullOrEmpty
            $after.Contains("TS_AUTHKEY=$($lab.AuthKey)") | Should -BeTrue
            # The image is what the third patch of the runbook sets.
            foreach ($line in $before.Split("`n") -notlike '*/installer:*') { $after.Contains($line) | Should -BeTrue -Because $line }
            $ampone.PersistentConfig.Text | Should -Be $after
            $after | Should -BeLike '*image: factory.talos.dev/metal-installer/4a0d65c669d4*'
            $result.Warnings | Should -BeNullOrEmpty
            $run.Text | Should -Not -BeLike "*$($lab.AuthKey)*"
            $head, $config = (Get-Content $result.BackupPath -Raw).Split("`n", 2)
            $head | Should -BeLike '*"node":"ampone","nodeId":*'
            $config | Should -BeExactly $before
            if (-not $IsWindows) { [System.IO.File]::GetUnixFileMode($result.BackupPath) | Should -Be ([System.IO.UnixFileMode] 'UserRead, UserWrite') }
        }

        It 'The second time changes nothing and says so' {
            $null = Get-TsNode | New-TsExtensionServiceConfig -AuthKeyReference $lab.KeyReference -PassThru | Set-TalosMachinePatch
            $version = $ampone.ActiveConfig.Version
            $again = Get-TsNode | Set-TalosMachinePatch
            $again.Count | Should -Be 3
            foreach ($result in $again) { $result.Changed, $result.Applied, $result.BackupPath, $result.Diff | Should -Be $false, $false, $null, '' }
            $ampone.ActiveConfig.Version | Should -Be $version
        }

        It 'Somebody elses change in between is an error that names it' {
            $ampone.Faults.Set($faults::ConfigChangesInBetween, [NullString]::Value)
            $run = Invoke-Captured { Set-TalosMachinePatch ampone $label -Force }
            $run.Errors | Get-ErrorId | Should -Be MachineConfigChangedMeanwhile
            "$($run.Errors)" | Should -BeLike '*KmsgLogConfig/somebody-else*'
            $ampone.ActiveConfig.Text | Should -BeLike '*somebody-else*'
            $ampone.ActiveConfig.Text | Should -Not -BeLike '*rack: b*'
        }

        It 'Staged and tried configurations leave the other one alone' {
            (Set-TalosMachinePatch ampone 'machine: {nodeLabels: {rack: s}}' -Mode Staged).Mode | Should -Be Staged
            $ampone.ActiveConfig.Text | Should -Be $before
            $ampone.PersistentConfig.Text | Should -BeLike '*rack: s*'

            $altra = $lab.Cluster.Node('altra')
            (Set-TalosMachinePatch altra 'machine: {nodeLabels: {rack: t}}' -Mode Try -TryTimeout 00:05:00).Mode | Should -Be Try
            $altra.ActiveConfig.Text | Should -BeLike '*rack: t*'
            $altra.PersistentConfig.Text | Should -Not -BeLike '*rack: t*'
            # One on trial is reported and not overwritten.
            $tried = $altra.ActiveConfig.Text
            $run = Invoke-Captured { Set-TalosMachinePatch altra 'machine: {nodeLabels: {zone: c}}' }
            $run.Errors | Get-ErrorId | Should -Be MachineConfigPending
            "$($run.Errors)" | Should -BeLike '*v1alpha1*'
            $altra.ActiveConfig.Text | Should -Be $tried
        }

        It 'Mode Auto reboots where it must and only there' {
            (Set-TalosMachinePatch ampone $label -Mode Auto).Mode | Should -Be NoReboot
            $ampone.BootId | Should -Be $boot
            (Set-TalosMachinePatch ampone $encryption -Mode Auto).Mode | Should -Be Reboot
            Wait-Until { $ampone.BootId -ne $boot -and $ampone.IsReady }
            $ampone.ActiveConfig.Text | Should -BeLike '*systemDiskEncryption*'
        }

        It 'Mode Reboot reboots a node that has it' {
            (Set-TalosMachinePatch ampone $label -Mode Reboot).Mode | Should -Be Reboot
            Wait-Until { $ampone.BootId -ne $boot -and $ampone.IsReady }
            $ampone.ActiveConfig.Text | Should -BeLike '*rack: b*'
        }

        It 'Without a reboot a change that needs one is refused by the dry run' {
            $run = Invoke-Captured { Set-TalosMachinePatch ampone $encryption }
            $run.Errors | Get-ErrorId | Should -Be TalosChangeNeedsReboot
            $lines = $run.Errors[0].Exception.Message.Split("`n")
            $lines[0] | Should -BeLike '*-Mode NoReboot*'
            $lines -like '+*provider: luks2*' | Should -Not -BeNullOrEmpty
            $run.Errors[0].ErrorDetails.RecommendedAction | Should -BeLike '*-Mode Staged*'
            $ampone.PersistentConfig.Text | Should -Be $before

            $null = Set-TalosMachinePatch ampone $encryption -Mode Staged
            $null = Restart-TalosNode ampone -Wait -Timeout 00:00:30 -Confirm:$false
            $ampone.ActiveConfig.Text | Should -BeLike '*systemDiskEncryption*'
        }

        It 'A connection that ends when the node has taken it is found out by looking: <_>' -ForEach after, reboot {
            $ampone.Faults.Set($faults::ApplyBreaks, $_)
            $run = Invoke-Captured { Set-TalosMachinePatch ampone $label -Verbose }
            $run.Errors | Should -BeNullOrEmpty
            $run.Output.Applied, $run.Output.Changed, $run.Output.Mode | Should -Be $true, $true, NoReboot
            $run.Text | Should -BeLike '*no answer*'
            if ($_ -eq 'reboot') { Wait-Until { $ampone.BootId -ne $boot -and $ampone.IsReady } }
            $ampone.ActiveConfig.Text | Should -BeLike '*rack: b*'
        }

        It 'A node that answers late is waited for' {
            $ampone.Faults.Set($faults::AnswersLate, '00:00:00.2')
            (Set-TalosMachinePatch ampone $label).Applied | Should -BeTrue
            $ampone.ActiveConfig.Text | Should -BeLike '*rack: b*'
        }

        It 'A node that reboots half way has its old configuration and takes the patch the next time' {
            $ampone.Faults.Set($faults::RebootsHalfWay, [NullString]::Value)
            $run = Invoke-Captured { Set-TalosMachinePatch ampone $label }
            Wait-Until { $ampone.BootId -ne $boot -and $ampone.IsReady }
            # The dry run may be repeated: either it found the node again, or it said that it was gone, or what was sent
            # while the node still went down is not there afterwards.
            if ($run.Errors) {
                $ampone.ActiveConfig.Text | Should -Be $before
                $run.Errors[0].FullyQualifiedErrorId | Should -Match '^(Talos|MachineConfigNotApplied,)'
                (Set-TalosMachinePatch ampone $label).Applied | Should -BeTrue
            }
            $ampone.ActiveConfig.Text | Should -BeLike '*rack: b*'
        }

        It 'A connection cut while the configuration is read leaves no half of it' {
            $ampone.Faults.Set($faults::CutConnection, '3000')
            $run = Invoke-Captured { Set-TalosMachinePatch ampone $label }
            if ($run.Errors) { $ampone.ActiveConfig.Text | Should -Not -BeLike '*rack: b*' }
            else { $run.Output.Applied | Should -BeTrue }
            $ampone.PersistentConfig.Text | Should -Be $ampone.ActiveConfig.Text
        }

        It 'No backup is kept when none is wanted' {
            $first = Set-TalosMachinePatch ryzen 'machine: {sysctls: {vm.swappiness: "1"}}'
            $patched = Set-TalosMachinePatch ryzen 'machine: {sysctls: {vm.swappiness: "2"}}' -NoBackup
            $back = Restore-TalosMachineConfig ryzen $first.BackupPath -NoBackup -Mode Staged -Force -Confirm:$false
            $patched.Applied, $back.Applied, $back.Mode | Should -Be $true, $true, Staged
            $patched.BackupPath, $back.BackupPath | Should -Be $null, $null
            @(Get-ChildItem (Join-Path $lab.Folder backups)).Count | Should -Be 1
        }
    }

    Context 'on a lab of its own' {
        BeforeEach { $lab = $null }

        AfterEach { Stop-Lab $lab }

        It 'Nodes of all versions take the runbooks patches: <_>' -ForEach v1.9.6, v1.10.8, v1.11.6, v1.13.9, v1.14.0 {
            $lab = Start-Lab -Options @{ TalosVersion = $_ }
            $result = Get-TsNode ampone | New-TsExtensionServiceConfig -AuthKeyReference $lab.KeyReference -PassThru | Set-TalosMachinePatch -WarningAction SilentlyContinue
            $result.Applied | Should -BeTrue
            $lab.Cluster.Node('ampone').ActiveConfig.Text | Should -BeLike '*kind: ExtensionServiceConfig*'
            # The image of the repository's patch is of 1.12.4.
            $result.Warnings.Code | Should -Be InstallImageOfAnotherTalos
        }

        It 'A staged configuration is reported and not overwritten' {
            $lab = Start-Lab -Fault StagedConfigPending@ampone
            $staged = $lab.Cluster.Node('ampone').PersistentConfig.Text
            (Invoke-Captured { Set-TalosMachinePatch ampone $label }).Errors | Get-ErrorId | Should -Be MachineConfigPending
            $lab.Cluster.Node('ampone').PersistentConfig.Text | Should -Be $staged
            (Set-TalosMachinePatch ampone $label -Force -WarningAction SilentlyContinue).Applied | Should -BeTrue
        }

        It 'Mode Reboot is refused in words by a node that has it no more' {
            $lab = Start-Lab -Options @{ TalosVersion = 'v1.14.0' }
            $before = $lab.Cluster.Node('ampone').ActiveConfig.Text
            (Invoke-Captured { Set-TalosMachinePatch ampone $label -Mode Reboot }).Errors | Get-ErrorId | Should -BeLike 'Talos*'
            $lab.Cluster.Node('ampone').PersistentConfig.Text | Should -Be $before
        }
    }

    # tailscale/tailscale#12829: tailscaled would cut nodes off whose LAN is in the range of tailnets; the LAN is that of
    # proompteng/lab. Nothing is rendered or sent until TS_EXTRA_ARGS leaves the LAN alone.
    Context 'on a LAN in the range of tailnets' {
        BeforeEach {
            $lab = Start-Lab -LabOptions ([TalosTailscale.Lab.LabShape]::Options([TalosTailscale.Lab.LabShape[]] [TalosTailscale.Lab.LabShape]::LanInTailnetRange))
            function Get-Patch([string] $Variable) {
                "apiVersion: v1alpha1`nkind: ExtensionServiceConfig`nname: tailscale`nenvironment: ['TS_AUTHKEY=file:/k', '$Variable']`n"
            }
        }

        AfterEach { Stop-Lab $lab }

        It 'Nothing is rendered or sent before the LAN is left alone' {
            $version = $lab.Cluster.Node('ampone').ActiveConfig.Version
            (Invoke-Captured { Get-TsNode ampone | New-TsExtensionServiceConfig -AuthKeyReference $lab.KeyReference -PassThru }).Errors | Get-ErrorId | Should -Be LanInTailnetRange
            (Invoke-Captured { Set-TalosMachinePatch ampone (Get-Patch TS_AUTH_ONCE=true) -ServiceTimeout 0 }).Errors | Get-ErrorId | Should -Be LanInTailnetRange
            Join-Path $lab.Devices ampone manifests tailscale-extension-service.yaml | Should -Not -Exist
            $lab.Cluster.Node('ampone').ActiveConfig.Version | Should -Be $version

            # What the error advises.
            (Set-TalosMachinePatch ampone (Get-Patch TS_EXTRA_ARGS=--netfilter-mode=nodivert) -ServiceTimeout 0).Applied | Should -BeTrue
            (Set-TalosMachinePatch ampone (Get-Patch TS_EXTRA_ARGS=--netfilter-mode=nodivert) -ServiceTimeout 0).Changed | Should -BeFalse
        }

        It 'Force goes on with a warning, and discovery leaves no node out' {
            $run = Invoke-Captured { Set-TalosMachinePatch ampone (Get-Patch TS_AUTH_ONCE=true) -ServiceTimeout 0 -Force }
            $run.Output.Applied | Should -BeTrue
            "$($run.Warnings)" | Should -BeLike '*100.100.244.128/25*'
            Get-TsNode -Discover | ForEach-Object Address | Sort-Object | Should -Be ($lab.Cluster.Nodes.Address | Sort-Object)
        }
    }
}
