# The scenarios of the acceptance suite, one function each, which the Pester files call.

Set-StrictMode -Version 3
$ErrorActionPreference = 'Stop'

if (-not (Get-Command Get-TsNode -ErrorAction Ignore)) {
    Import-Module ([System.IO.Path]::Combine($PSScriptRoot, '..', '..', 'TalosTailscale.psd1')) -Global
}

$script:Changes = 'Render', 'MachineConfig', 'HelperPod', 'Activate', 'Pull'
$script:Defaults = @{
    TalosConfig = ''; Context = ''; Endpoint = @(); KubeConfig = ''; Inventory = ''; Nodes = @('*'); BackupFolder = ''
    AuthKeyReference = ''; RegistryImage = ''; FactoryUri = ''; Socket = ''; WorkFolder = ''; Allow = @()
}

function New-AcceptanceSuite {
    # Reads a settings file (see settings.example.psd1). Without one everything comes from the environment and from
    # devices/, and nothing may be changed.
    param([string] $Settings)

    $suite = $script:Defaults.Clone()
    if ($Settings) {
        $file = [System.IO.Path]::GetFullPath($Settings, $ExecutionContext.SessionState.Path.CurrentFileSystemLocation.ProviderPath)
        $read = Import-PowerShellDataFile -LiteralPath $file
        foreach ($key in $read.Keys) {
            if (-not $script:Defaults.ContainsKey($key)) {
                throw "'$file' has the setting '$key'; known are $(($script:Defaults.Keys | ForEach-Object { $_ }) -join ', ')."
            }
            $suite[$key] = $read[$key]
        }
        $folder = [System.IO.Path]::GetDirectoryName($file)
        foreach ($key in 'TalosConfig', 'KubeConfig', 'Inventory', 'BackupFolder', 'Socket', 'WorkFolder') {
            if ($suite[$key]) { $suite[$key] = [System.IO.Path]::GetFullPath([Environment]::ExpandEnvironmentVariables($suite[$key]), $folder) }
        }
        $suite.AuthKeyReference = [Environment]::ExpandEnvironmentVariables($suite.AuthKeyReference)
    }
    foreach ($change in $suite.Allow) {
        if ($change -notin $script:Changes) { throw "'$change' is no change that can be allowed; there are $($script:Changes -join ', ')." }
    }
    if (-not $suite.WorkFolder) { $suite.WorkFolder = [System.IO.Path]::Combine([System.IO.Path]::GetTempPath(), 'talostailscale-acceptance') }
    $inventory = Get-Common $suite Get-TsNode
    $suite.Node = @(Get-TsNode -Name $suite.Nodes @inventory)
    $suite
}

function Test-Allowed {
    # Whether the settings allow all of these changes.
    [OutputType([bool])]
    param($Suite, [string[]] $Change)

    @($Change | Where-Object { $_ -notin $Suite.Allow }).Count -eq 0
}

function Get-Common {
    # The settings that a command has parameters for, to be splatted.
    param($Suite, [string] $Command)

    $parameters = (Get-Command $Command).Parameters
    $common = @{}
    foreach ($key in 'TalosConfig', 'Context', 'Endpoint', 'KubeConfig', 'Inventory', 'BackupFolder', 'FactoryUri', 'Socket') {
        if ($parameters.ContainsKey($key) -and $Suite[$key]) { $common[$key] = $Suite[$key] }
    }
    $common
}

function Assert-Check($Suite, $Node, [string] $Name) {
    $common = Get-Common $Suite Test-TsNode
    foreach ($check in Test-TsNode -Node $Node -Check $Name @common) {
        ($check.Status -ne 'Fail') | Should -BeTrue -Because "$($check.Name): $($check.Evidence) Cause: $($check.Cause). Fix: $($check.Fix)"
    }
}

function Get-ConfigText($Suite, $Node) {
    $common = Get-Common $Suite Get-TalosMachineConfig
    Get-TalosMachineConfig -Node $Node @common
}

# ---- Before all else: the nodes are those of the inventory

function Assert-NodeIdentity($Suite, $Node) {
    $common = Get-Common $Suite Get-TalosResource
    $name = Get-TalosResource -Node $Node -Type Nodename -Id nodename @common
    $identity = Get-TalosResource -Node $Node -Type Identity -Id local @common
    if ($Node.KubernetesName) {
        ($name.Spec.nodename -eq $Node.KubernetesName) | Should -BeTrue -Because "It is named '$($name.Spec.nodename)'; '$($Node.KubernetesName)' was expected."
    }
    if ($Node.NodeId) {
        ($identity.Spec.nodeId -eq $Node.NodeId) | Should -BeTrue -Because "It is the machine '$($identity.Spec.nodeId)'; '$($Node.NodeId)' was expected."
    }
    $found = Get-Common $Suite Get-TsNode
    $proposal = Get-TsNode -Discover $Node.Name @found
    ($Node.Architecture -in 'Unknown', $proposal.Architecture) | Should -BeTrue -Because "It is $($proposal.Architecture); $($Node.Architecture) was expected."
}

# ---- 1 Render

function Assert-RenderPlan($Suite, $Node) {
    $common = Get-Common $Suite New-TsExtensionServiceConfig
    $config = New-TsExtensionServiceConfig $Node -AuthKeyReference $Suite.AuthKeyReference -PassThru -WhatIf @common
    (-not $config.Written) | Should -BeTrue -Because "-WhatIf wrote '$($config.Path)'."
    (-not $config.AcceptDns) | Should -BeTrue -Because "TS_ACCEPT_DNS is true; the root file system of Talos is read-only."
}

function Assert-RenderedFile($Suite, $Node) {
    $common = Get-Common $Suite New-TsExtensionServiceConfig
    $config = New-TsExtensionServiceConfig $Node -AuthKeyReference $Suite.AuthKeyReference -PassThru @common
    $text = [System.IO.File]::ReadAllText($config.Path)
    (($text -split "TS_AUTHKEY=").Count -eq 2) | Should -BeTrue -Because "'$($config.Path)' should have TS_AUTHKEY once."
    ($text -match 'TS_ACCEPT_DNS=false') | Should -BeTrue -Because "'$($config.Path)' should say TS_ACCEPT_DNS=false."
    if (-not $IsWindows) {
        $mode = [System.IO.File]::GetUnixFileMode($config.Path)
        ($mode -eq 'UserRead, UserWrite') | Should -BeTrue -Because "'$($config.Path)' holds a key and has the mode '$mode'."
    }
}

# ---- 2 Patch

function Assert-PatchPlan($Suite, $Node) {
    # The difference is worked out and tried on the node, and nothing is changed.
    $before = Get-ConfigText $Suite $Node
    $common = Get-Common $Suite Set-TalosMachinePatch
    $patch = '{"machine":{"network":{"nameservers":["100.100.100.100"]}}}'
    $result = Set-TalosMachinePatch -Node $Node -Patch $patch -WhatIf @common
    $after = Get-ConfigText $Suite $Node
    (-not $result.Applied) | Should -BeTrue -Because '-WhatIf applied the patch.'
    ($before.Version -eq $after.Version -and $before.Text -ceq $after.Text) | Should -BeTrue -Because 'The machine configuration changed.'
    $lost = @($result.Documents | Where-Object { $_.Change -eq 'Removed' })
    ($lost.Count -eq 0) | Should -BeTrue -Because "The documents $($lost -join ', ') would be lost."
    ($result.Diff -notmatch 'tskey-') | Should -BeTrue -Because 'The difference shows a key.'
}

function Assert-PatchApplied($Suite, $Node) {
    $before = Get-ConfigText $Suite $Node
    $common = Get-Common $Suite Set-TalosMachinePatch
    $result = Set-TalosMachinePatch -Node $Node @common
    $after = Get-ConfigText $Suite $Node
    $lost = @($before.Documents | Where-Object { $_ -notin $after.Documents })
    ($lost.Count -eq 0) | Should -BeTrue -Because "The documents $($lost -join ', ') were lost."
    ($after.Text -match 'kind: ExtensionServiceConfig') | Should -BeTrue -Because 'The service config is not there.'
    ($after.Text -match '100\.100\.100\.100') | Should -BeTrue -Because 'The resolver of the tailnet is not there.'
    if ($result.Changed) { $result.BackupPath | Should -Exist }
}

function Assert-PatchRepeat($Suite, $Node) {
    $before = Get-ConfigText $Suite $Node
    $common = Get-Common $Suite Set-TalosMachinePatch
    $result = Set-TalosMachinePatch -Node $Node @common
    $after = Get-ConfigText $Suite $Node
    (-not $result.Changed -and $before.Text -ceq $after.Text) | Should -BeTrue -Because "A second time changed something: $($result.Diff)"
}

# ---- 3A Swap

function Assert-EspReadable($Suite, $Node) {
    $common = Get-Common $Suite Get-TalosEsp
    $esp = Get-TalosEsp -Node $Node @common
    $next = $esp.NextBoot.Entry
    ($null -ne $next) | Should -BeTrue -Because "Nothing on '$($esp.Device)' can be booted: $($esp.NextBoot.Reason)."
    (-not $esp.BootedEntry -or "$next" -eq $esp.BootedEntry) | Should -BeTrue -Because "'$($esp.BootedEntry)' runs, and '$next' would boot next."
}

function Assert-SwapPlan($Suite, $Node) {
    # Every gate is passed, and nothing is written to the partition.
    $esp = Get-Common $Suite Get-TalosEsp
    $before = (Get-TalosEsp -Node $Node @esp).Files | ForEach-Object { "$($_.Name) $($_.Size)" }
    $image = Save-SuiteImage $Suite $Node Uki
    $common = Get-Common $Suite Invoke-UkiSwap
    $plan = $image | Invoke-UkiSwap -WhatIf @common
    $refused = @($plan.Gates | Where-Object { $_.Status -eq 'Refused' })
    ($refused.Count -eq 0) | Should -BeTrue -Because "Refused by $($refused -join '; ')."
    $after = (Get-TalosEsp -Node $Node @esp).Files | ForEach-Object { "$($_.Name) $($_.Size)" }
    (($before -join ';') -ceq ($after -join ';')) | Should -BeTrue -Because "-WhatIf changed the partition: $($after -join ', ')."
}

function Assert-SwapDone($Suite, $Node) {
    $image = Save-SuiteImage $Suite $Node Uki
    $common = Get-Common $Suite Invoke-UkiSwap
    $result = $image | Invoke-UkiSwap -Reboot -Wait -Confirm:$false @common
    $failed = @($result.Checks | Where-Object { $_.Passed -eq $false })
    ($failed.Count -eq 0) | Should -BeTrue -Because "After the swap: $($failed -join '; ')."
    Assert-Extension $Suite $Node
}

# ---- 3B Upgrade

function Assert-UpgradeGate($Suite, $Node) {
    # The runbook's own command takes the extension away; it has to be refused before anything is sent.
    $extensions = Get-Common $Suite Get-TalosExtension
    $has = @(Get-TalosExtension -Node $Node @extensions | Where-Object { $_.Name -eq 'tailscale' })
    if ($has.Count -eq 0) { return }
    $common = Get-Common $Suite Update-TalosNode
    $refusal = $null
    Update-TalosNode -Node $Node -Image ghcr.io/siderolabs/installer:v1.12.4 -WhatIf @common -ErrorAction SilentlyContinue -ErrorVariable refusal
    $ids = @($refusal | ForEach-Object { ($_.FullyQualifiedErrorId -split ',')[0] })
    ('InstallerLosesExtension' -in $ids) | Should -BeTrue -Because "An installer without the extension was not refused: $($ids -join ', ')."
}

function Assert-UpgradeDone($Suite, $Node) {
    $image = Save-SuiteImage $Suite $Node Installer
    $common = Get-Common $Suite Update-TalosNode
    $result = $image | Update-TalosNode -Wait -Confirm:$false @common
    ('tailscale' -in $result.Extensions) | Should -BeTrue -Because "After the upgrade the node has $($result.Extensions -join ', ')."
}

function Save-SuiteImage($Suite, $Node, [string] $Kind) {
    $common = Get-Common $Suite Save-TalosImage
    $null = [System.IO.Directory]::CreateDirectory($Suite.WorkFolder)
    Save-TalosImage -Node $Node -Kind $Kind -Extension siderolabs/tailscale -Destination $Suite.WorkFolder @common
}

# ---- 4 Validation

function Assert-Extension($Suite, $Node) {
    $common = Get-Common $Suite Get-TalosExtension
    $names = @(Get-TalosExtension -Node $Node @common | ForEach-Object { $_.Name })
    ('tailscale' -in $names) | Should -BeTrue -Because "The running image has $($names -join ', ')."
}

function Assert-Service($Suite, $Node) {
    $common = Get-Common $Suite Get-TalosService
    $service = Get-TalosService -Node $Node -Name ext-tailscale @common
    ($service.State -eq 'Running') | Should -BeTrue -Because "ext-tailscale is $($service.State)."
}

function Assert-Log($Suite, $Node) {
    $common = Get-Common $Suite Get-TalosLog
    $diagnosis = Get-TalosLog -Node $Node -Tail 400 @common | Get-TsDiagnosis
    ($diagnosis.State -ne 'Failing') | Should -BeTrue -Because "$($diagnosis.Cause): $($diagnosis.Meaning) $($diagnosis.Fix)"
}

function Assert-AllCheck($Suite, $Node) {
    $common = Get-Common $Suite Test-TsNode
    $failed = @(Test-TsNode -Node $Node -SkipCheck PrivatePull @common | Where-Object { $_.Status -eq 'Fail' })
    ($failed.Count -eq 0) | Should -BeTrue -Because (($failed | ForEach-Object { "$($_.Name): $($_.Evidence) $($_.Fix)" }) -join ' ')
}

function Assert-PrivatePull($Suite, $Node) {
    if (-not $Suite.RegistryImage) { return }
    $common = Get-Common $Suite Test-TsNode
    $check = Test-TsNode -Node $Node -Check PrivatePull -RegistryImage $Suite.RegistryImage @common | Where-Object { $_.Name -eq 'PrivatePull' }
    ($check.Status -eq 'Pass') | Should -BeTrue -Because "$($check.Evidence) $($check.Fix)"
}

# ---- 5 Failure modes

function Assert-NoEfivarsError($Suite, $Node) { Assert-Check $Suite $Node Efivars }

function Assert-OneBootEntry($Suite, $Node) { Assert-Check $Suite $Node BootEntries }

function Assert-StableService($Suite, $Node) { Assert-Check $Suite $Node Service }

function Assert-DnsByTalos($Suite, $Node) {
    Assert-Check $Suite $Node ServiceConfig
    Assert-Check $Suite $Node Resolver
}

function Assert-NoDrift($Suite, $Node) {
    $common = Get-Common $Suite Update-TalosNodeAddress
    $stale = @(Update-TalosNodeAddress $Node @common | Where-Object { $_.IsStale })
    ($stale.Count -eq 0) | Should -BeTrue -Because "The old address is still at $($stale -join ', ')."
}

# ---- 6 After the change

function Assert-NodeReady($Suite, $Node) {
    $common = Get-Common $Suite Get-TalosResource
    $machine = Get-TalosResource -Node $Node -Type MachineStatus -Id machine @common
    ($machine.Spec.stage -eq 'running' -and $machine.Spec.status.ready) | Should -BeTrue -Because "The machine is $($machine.Spec.stage), and not ready."
    $kubernetes = @(Get-TalosResource -Node $Node -Type NodeStatus @common)
    ($kubernetes.Count -eq 1 -and $kubernetes[0].Spec.nodeReady) | Should -BeTrue -Because 'Kubernetes does not say that the node is Ready.'
    (-not $kubernetes[0].Spec.unschedulable) | Should -BeTrue -Because 'The node is cordoned.'
}

function Assert-EtcdMember($Suite) {
    $common = Get-Common $Suite Get-TalosEtcdMember
    $lists = @{}
    foreach ($member in Get-TalosEtcdMember -Node $Suite.Node @common -ErrorAction SilentlyContinue) {
        $lists[$member.Node] = @($lists[$member.Node]) + $member | Where-Object { $_ }
        (-not $member.IsLearner) | Should -BeTrue -Because "The etcd member '$($member.Hostname)' only learns."
    }
    ($lists.Count -gt 0) | Should -BeTrue -Because 'None of the nodes is a control plane node whose etcd answers.'
    $seen = @($lists.Values | ForEach-Object {
            $ids = [string[]] @($_ | ForEach-Object { $_.IdHex })
            [Array]::Sort($ids)
            $ids -join ','
        })
    (@($seen | Where-Object { $_ -ne $seen[0] }).Count -eq 0) | Should -BeTrue -Because "The nodes see different members: $($seen -join ' | ')."
}

Export-ModuleMember -Function New-AcceptanceSuite, Test-Allowed, Assert-*
