# The scenarios of the acceptance suite, one function each. The Pester files call them against a cluster, and
# `dotnet test` calls the same ones against the lab through the embedded engine, which has PowerShell's core commands
# only: so nothing here uses Get-Content, Select-Object and the like. A scenario that fails throws.

Set-StrictMode -Version 3
$ErrorActionPreference = 'Stop'

if (-not (Get-Command Get-TsNode -ErrorAction Ignore)) {
    Import-Module ([System.IO.Path]::Combine($PSScriptRoot, '..', '..', 'TalosTailscale.psd1')) -Global
}

$script:Changes = 'Render', 'MachineConfig', 'HelperPod', 'Activate', 'Pull'
# In the order of the runbook. Assert-That and Assert-Check only serve these.
$script:Scenarios = @(
    'Assert-NodeIdentity'
    'Assert-RenderPlan', 'Assert-RenderedFile'
    'Assert-PatchPlan', 'Assert-PatchApplied', 'Assert-PatchRepeat'
    'Assert-EspReadable', 'Assert-SwapPlan', 'Assert-SwapDone'
    'Assert-UpgradeGate', 'Assert-UpgradeDone'
    'Assert-Extension', 'Assert-Service', 'Assert-Log', 'Assert-AllCheck', 'Assert-PrivatePull'
    'Assert-NoEfivarsError', 'Assert-OneBootEntry', 'Assert-StableService', 'Assert-DnsByTalos', 'Assert-NoDrift'
    'Assert-NodeReady', 'Assert-EtcdMember'
)
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
        $read = Read-SettingsFile $file
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

function Read-SettingsFile([string] $Path) {
    # As Import-PowerShellDataFile: data only, nothing in it is run.
    $errors = $null
    $ast = [System.Management.Automation.Language.Parser]::ParseFile($Path, [ref] $null, [ref] $errors)
    if ($errors) { throw "'$Path': $($errors[0].Message)" }
    $table = $ast.Find({ param($node) $node -is [System.Management.Automation.Language.HashtableAst] }, $false)
    if (-not $table) { throw "'$Path' holds no hashtable." }
    $table.SafeGetValue()
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

function Assert-That([bool] $Condition, [string] $Message) {
    if (-not $Condition) { throw $Message }
}

function Assert-Check($Suite, $Node, [string] $Name) {
    $common = Get-Common $Suite Test-TsNode
    foreach ($check in Test-TsNode -Node $Node -Check $Name @common) {
        Assert-That ($check.Status -ne 'Fail') "$($check.Name): $($check.Evidence) Cause: $($check.Cause). Fix: $($check.Fix)"
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
        Assert-That ($name.Spec.nodename -eq $Node.KubernetesName) "It is named '$($name.Spec.nodename)'; '$($Node.KubernetesName)' was expected."
    }
    if ($Node.NodeId) {
        Assert-That ($identity.Spec.nodeId -eq $Node.NodeId) "It is the machine '$($identity.Spec.nodeId)'; '$($Node.NodeId)' was expected."
    }
    $found = Get-Common $Suite Get-TsNode
    $proposal = Get-TsNode -Discover $Node.Name @found
    Assert-That ($Node.Architecture -in 'Unknown', $proposal.Architecture) "It is $($proposal.Architecture); $($Node.Architecture) was expected."
}

# ---- 1 Render

function Assert-RenderPlan($Suite, $Node) {
    $common = Get-Common $Suite New-TsExtensionServiceConfig
    $config = New-TsExtensionServiceConfig $Node -AuthKeyReference $Suite.AuthKeyReference -PassThru -WhatIf @common
    Assert-That (-not $config.Written) "-WhatIf wrote '$($config.Path)'."
    Assert-That (-not $config.AcceptDns) "TS_ACCEPT_DNS is true; the root file system of Talos is read-only."
}

function Assert-RenderedFile($Suite, $Node) {
    $common = Get-Common $Suite New-TsExtensionServiceConfig
    $config = New-TsExtensionServiceConfig $Node -AuthKeyReference $Suite.AuthKeyReference -PassThru @common
    $text = [System.IO.File]::ReadAllText($config.Path)
    Assert-That (($text -split "TS_AUTHKEY=").Count -eq 2) "'$($config.Path)' should have TS_AUTHKEY once."
    Assert-That ($text -match 'TS_ACCEPT_DNS=false') "'$($config.Path)' should say TS_ACCEPT_DNS=false."
    if (-not $IsWindows) {
        $mode = [System.IO.File]::GetUnixFileMode($config.Path)
        Assert-That ($mode -eq 'UserRead, UserWrite') "'$($config.Path)' holds a key and has the mode '$mode'."
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
    Assert-That (-not $result.Applied) '-WhatIf applied the patch.'
    Assert-That ($before.Version -eq $after.Version -and $before.Text -ceq $after.Text) 'The machine configuration changed.'
    $lost = @($result.Documents | Where-Object { $_.Change -eq 'Removed' })
    Assert-That ($lost.Count -eq 0) "The documents $($lost -join ', ') would be lost."
    Assert-That ($result.Diff -notmatch 'tskey-') 'The difference shows a key.'
}

function Assert-PatchApplied($Suite, $Node) {
    $before = Get-ConfigText $Suite $Node
    $common = Get-Common $Suite Set-TalosMachinePatch
    $result = Set-TalosMachinePatch -Node $Node @common
    $after = Get-ConfigText $Suite $Node
    $lost = @($before.Documents | Where-Object { $_ -notin $after.Documents })
    Assert-That ($lost.Count -eq 0) "The documents $($lost -join ', ') were lost."
    Assert-That ($after.Text -match 'kind: ExtensionServiceConfig') 'The service config is not there.'
    Assert-That ($after.Text -match '100\.100\.100\.100') 'The resolver of the tailnet is not there.'
    if ($result.Changed) { Assert-That ([System.IO.File]::Exists($result.BackupPath)) "There is no backup at '$($result.BackupPath)'." }
}

function Assert-PatchRepeat($Suite, $Node) {
    $before = Get-ConfigText $Suite $Node
    $common = Get-Common $Suite Set-TalosMachinePatch
    $result = Set-TalosMachinePatch -Node $Node @common
    $after = Get-ConfigText $Suite $Node
    Assert-That (-not $result.Changed -and $before.Text -ceq $after.Text) "A second time changed something: $($result.Diff)"
}

# ---- 3A Swap

function Assert-EspReadable($Suite, $Node) {
    $common = Get-Common $Suite Get-TalosEsp
    $esp = Get-TalosEsp -Node $Node @common
    $next = $esp.NextBoot.Entry
    Assert-That ($null -ne $next) "Nothing on '$($esp.Device)' can be booted: $($esp.NextBoot.Reason)."
    Assert-That (-not $esp.BootedEntry -or "$next" -eq $esp.BootedEntry) "'$($esp.BootedEntry)' runs, and '$next' would boot next."
}

function Assert-SwapPlan($Suite, $Node) {
    # Every gate is passed, and nothing is written to the partition.
    $esp = Get-Common $Suite Get-TalosEsp
    $before = (Get-TalosEsp -Node $Node @esp).Files | ForEach-Object { "$($_.Name) $($_.Size)" }
    $image = Save-SuiteImage $Suite $Node Uki
    $common = Get-Common $Suite Invoke-UkiSwap
    $plan = $image | Invoke-UkiSwap -WhatIf @common
    $refused = @($plan.Gates | Where-Object { $_.Status -eq 'Refused' })
    Assert-That ($refused.Count -eq 0) "Refused by $($refused -join '; ')."
    $after = (Get-TalosEsp -Node $Node @esp).Files | ForEach-Object { "$($_.Name) $($_.Size)" }
    Assert-That (($before -join ';') -ceq ($after -join ';')) "-WhatIf changed the partition: $($after -join ', ')."
}

function Assert-SwapDone($Suite, $Node) {
    $image = Save-SuiteImage $Suite $Node Uki
    $common = Get-Common $Suite Invoke-UkiSwap
    $result = $image | Invoke-UkiSwap -Reboot -Wait -Confirm:$false @common
    $failed = @($result.Checks | Where-Object { $_.Passed -eq $false })
    Assert-That ($failed.Count -eq 0) "After the swap: $($failed -join '; ')."
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
    Assert-That ('InstallerLosesExtension' -in $ids) "An installer without the extension was not refused: $($ids -join ', ')."
}

function Assert-UpgradeDone($Suite, $Node) {
    $image = Save-SuiteImage $Suite $Node Installer
    $common = Get-Common $Suite Update-TalosNode
    $result = $image | Update-TalosNode -Wait -Confirm:$false @common
    Assert-That ('tailscale' -in $result.Extensions) "After the upgrade the node has $($result.Extensions -join ', ')."
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
    Assert-That ('tailscale' -in $names) "The running image has $($names -join ', ')."
}

function Assert-Service($Suite, $Node) {
    $common = Get-Common $Suite Get-TalosService
    $service = Get-TalosService -Node $Node -Name ext-tailscale @common
    Assert-That ($service.State -eq 'Running') "ext-tailscale is $($service.State)."
}

function Assert-Log($Suite, $Node) {
    $common = Get-Common $Suite Get-TalosLog
    $diagnosis = Get-TalosLog -Node $Node -Tail 400 @common | Get-TsDiagnosis
    Assert-That ($diagnosis.State -ne 'Failing') "$($diagnosis.Cause): $($diagnosis.Meaning) $($diagnosis.Fix)"
}

function Assert-AllCheck($Suite, $Node) {
    $common = Get-Common $Suite Test-TsNode
    $failed = @(Test-TsNode -Node $Node -SkipCheck PrivatePull @common | Where-Object { $_.Status -eq 'Fail' })
    Assert-That ($failed.Count -eq 0) (($failed | ForEach-Object { "$($_.Name): $($_.Evidence) $($_.Fix)" }) -join ' ')
}

function Assert-PrivatePull($Suite, $Node) {
    if (-not $Suite.RegistryImage) { return }
    $common = Get-Common $Suite Test-TsNode
    $check = Test-TsNode -Node $Node -Check PrivatePull -RegistryImage $Suite.RegistryImage @common | Where-Object { $_.Name -eq 'PrivatePull' }
    Assert-That ($check.Status -eq 'Pass') "$($check.Evidence) $($check.Fix)"
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
    Assert-That ($stale.Count -eq 0) "The old address is still at $($stale -join ', ')."
}

# ---- 6 After the change

function Assert-NodeReady($Suite, $Node) {
    $common = Get-Common $Suite Get-TalosResource
    $machine = Get-TalosResource -Node $Node -Type MachineStatus -Id machine @common
    Assert-That ($machine.Spec.stage -eq 'running' -and $machine.Spec.status.ready) "The machine is $($machine.Spec.stage), and not ready."
    $kubernetes = @(Get-TalosResource -Node $Node -Type NodeStatus @common)
    Assert-That ($kubernetes.Count -eq 1 -and $kubernetes[0].Spec.nodeReady) 'Kubernetes does not say that the node is Ready.'
    Assert-That (-not $kubernetes[0].Spec.unschedulable) 'The node is cordoned.'
}

function Assert-EtcdMember($Suite) {
    $common = Get-Common $Suite Get-TalosEtcdMember
    $lists = @{}
    foreach ($member in Get-TalosEtcdMember -Node $Suite.Node @common -ErrorAction SilentlyContinue) {
        $lists[$member.Node] = @($lists[$member.Node]) + $member | Where-Object { $_ }
        Assert-That (-not $member.IsLearner) "The etcd member '$($member.Hostname)' only learns."
    }
    Assert-That ($lists.Count -gt 0) 'None of the nodes is a control plane node whose etcd answers.'
    $seen = @($lists.Values | ForEach-Object {
            $ids = [string[]] @($_ | ForEach-Object { $_.IdHex })
            [Array]::Sort($ids)
            $ids -join ','
        })
    Assert-That (@($seen | Where-Object { $_ -ne $seen[0] }).Count -eq 0) "The nodes see different members: $($seen -join ' | ')."
}

Export-ModuleMember -Function (@('New-AcceptanceSuite', 'Test-Allowed') + $script:Scenarios)
