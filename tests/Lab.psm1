# A lab in the process of the tests, and the environment by which the cmdlets reach it, as after the rehearsal's -Serve.
#   BeforeAll { Import-Module "$PSScriptRoot/../Lab.psm1"; $lab = Start-Lab }
#   AfterAll { Stop-Lab $lab }
using namespace System.IO

$root = Split-Path $PSScriptRoot
# The module first: the lab shares its model types.
if (-not (Get-Module TalosTailscale)) { Import-Module "$root/TalosTailscale.psd1" -Global }
$assembly = Get-ChildItem "$root/src/TalosTailscale.Lab/bin/*/net10.0/TalosTailscale.Lab.dll" | Sort-Object LastWriteTime | Select-Object -Last 1
if (-not $assembly) { throw "The lab is not built: './build.ps1' or 'dotnet build' does it." }
Add-Type -Path $assembly.FullName
[TalosTailscale.Lab.LabAssemblies]::Register()
# What completion remembers stays out of the home of who runs the tests.
$env:TALOSTAILSCALE_CACHE = Join-Path ([Path]::GetTempPath()) "talostailscale-tests-$PID"

# Starts a lab; -Fault takes what the rehearsal's -Fault does, -Options has the rest, or -LabOptions all, as of a shape.
function Start-Lab {
    param([string[]] $Fault = @(), [hashtable] $Options = @{}, $LabOptions = [TalosTailscale.Lab.LabOptions] $Options)

    foreach ($one in $Fault) { $labOptions.Faults.Add([TalosTailscale.Lab.LabFaultSetting]::Parse($one)) }
    $cluster = [TalosTailscale.Lab.LabCluster]::StartAsync($labOptions, [System.Threading.CancellationToken]::None).GetAwaiter().GetResult()
    $client = $cluster.WriteClientFiles()
    $devices = Join-Path $client.Folder devices
    [TalosTailscale.Lab.LabInventory]::Copy("$root/devices", $devices, $labOptions.Nodes)
    $client.AddVariable('TALOSTAILSCALE_DEVICES', $devices)
    $client.AddVariable('TALOSTAILSCALE_BACKUPS', (Join-Path $client.Folder backups))
    $null = $client.AddFile('authkey', $labOptions.AuthKey, 'TAILSCALE_AUTHKEY_FILE')
    $before = @{}
    foreach ($variable in $client.Environment.GetEnumerator()) {
        $before[$variable.Key] = [Environment]::GetEnvironmentVariable($variable.Key)
        [Environment]::SetEnvironmentVariable($variable.Key, $variable.Value)
    }
    [pscustomobject]@{
        Cluster      = $cluster
        Folder       = $client.Folder
        Devices      = $devices
        KeyReference = "file:$env:TAILSCALE_AUTHKEY_FILE"
        AuthKey      = $labOptions.AuthKey
        Tailnet      = Get-LabPart $cluster TalosTailscale.Lab.Tailnet.LabTailnet
        Factory      = Get-LabPart $cluster TalosTailscale.Lab.Factory.LabFactory
        Talos        = Get-LabPart $cluster TalosTailscale.Lab.Talos.LabTalosApi
        Kubernetes   = (Get-LabPart $cluster TalosTailscale.Lab.Kubernetes.LabKubernetesPart).Api
        Before       = $before
    }
}

# Each node's configuration as after the runbook's second step.
function Set-LabServiceConfig($Lab) {
    $null = Get-TsNode | New-TsExtensionServiceConfig -AuthKeyReference $Lab.KeyReference -PassThru -WarningAction SilentlyContinue |
        Set-TalosMachinePatch -ServiceTimeout 0 -Confirm:$false -WarningAction SilentlyContinue
}

# Each node on an image with the extension, as after the last step; -Until says when a node is done.
function Add-LabExtension($Lab, [scriptblock] $Until = { param($node) $node.Stage -eq 'Running' }) {
    Set-LabServiceConfig $Lab
    $maker = Get-LabPart $Lab.Cluster TalosTailscale.Lab.ILabUkiMaker
    $boots = @{}
    foreach ($node in $Lab.Cluster.Nodes) {
        $request = [TalosTailscale.Lab.LabUkiRequest]::new($node.TalosVersion, $node.Architecture, [string[]] 'siderolabs/tailscale', $false, $false)
        $maker.WriteUkiAsync($request, (Get-BootEntry $node), [System.Threading.CancellationToken]::None).GetAwaiter().GetResult()
        $boots[$node.Name] = $node.BootId
        $node.PowerCycle()
    }
    foreach ($node in $Lab.Cluster.Nodes) { Wait-Until { $node.BootId -ne $boots[$node.Name] -and (& $Until $node) } }
}

# The file that a node of the lab boots.
function Get-BootEntry($Node) { Join-Path $Node.EspDirectory EFI Linux "Talos-$($Node.TalosVersion).efi" }

# A file with a UKI; of the version and for the machines that the lab mostly has, where nothing else is said.
function New-LabUki([string] $Path, [hashtable] $Spec = @{}) {
    [System.IO.File]::WriteAllBytes($Path, [TalosTailscale.Lab.Images.LabImages]::Uki([TalosTailscale.Lab.Images.LabUkiSpec] $Spec))
    $Path
}

# What is on the partitions of all nodes: a line for each file.
function Get-EspState($Lab) {
    Get-ChildItem $Lab.Cluster.Nodes.EspDirectory -Recurse -File | ForEach-Object { "$($_.FullName) $((Get-FileHash -LiteralPath $_.FullName).Hash)" } | Sort-Object
}

# After a failure the deletion has been asked for, and the kubelet may still be at it.
function Wait-NoPod($Lab) { Wait-Until { $Lab.Kubernetes.Pods.Count -eq 0 } }

# A node's options with others in place of some: they are records, which PowerShell has no "with" for.
function Copy-NodeOption {
    param([Parameter(ValueFromPipeline)] $Options, [string[]] $Extensions, [bool] $SecureBoot, [string] $Address, [string] $KubernetesName)

    process {
        $copy = $Options.GetType().GetMethod('<Clone>$').Invoke($Options, @())
        foreach ($value in $PSBoundParameters.GetEnumerator() | Where-Object Key -NE Options) {
            $Options.GetType().GetProperty($value.Key).SetValue($copy, $value.Value)
        }
        $copy
    }
}

function Stop-Lab($Lab) {
    if (-not $Lab) { return }
    foreach ($variable in $Lab.Before.GetEnumerator()) { [Environment]::SetEnvironmentVariable($variable.Key, $variable.Value) }
    $Lab.Cluster.DisposeAsync().AsTask().GetAwaiter().GetResult()
}

# All that a cmdlet could change of a lab, as one text.
function Get-LabState($Lab) {
    $files = @($Lab.Cluster.Nodes.EspDirectory) + $Lab.Devices | Get-ChildItem -Recurse -File -Force | Sort-Object FullName
    @(
        $Lab.Cluster.Nodes | ForEach-Object { $_.ActiveConfig.Text, $_.PersistentConfig.Text, $_.BootId }
        $files | ForEach-Object { "$($_.FullName) $((Get-FileHash -LiteralPath $_.FullName).Hash)" }
        $Lab.Kubernetes.Pods
        $Lab.Cluster.Etcd.Members | ForEach-Object ToString
    ) -join "`n"
}

function Get-LabPart($Cluster, [string] $Type) {
    $Cluster.GetType().GetMethod('Part').MakeGenericMethod(($Type -as [type])).Invoke($Cluster, @())
}

# Runs a script and keeps every stream: Output, Errors, Warnings, Verbose, Information, and Text, all that could be seen.
# Errors do not end it, as at a prompt; in the rest of a test they do.
function Invoke-Captured {
    [CmdletBinding()]
    param([Parameter(Mandatory)] [scriptblock] $Script, [object[]] $ArgumentList = @())

    $caller = $PSCmdlet.SessionState.PSVariable
    $before = $caller.GetValue('ErrorActionPreference')
    $caller.Set('ErrorActionPreference', 'Continue')
    try {
        $all = & {
            try { & $Script @ArgumentList }
            catch { $_ }
        } *>&1 | ForEach-Object { $_ }
    }
    finally { $caller.Set('ErrorActionPreference', $before) }
    $kinds = @{ Errors = 'ErrorRecord'; Warnings = 'WarningRecord'; Verbose = 'VerboseRecord'; Debug = 'DebugRecord'; Information = 'InformationRecord' }
    $result = [ordered]@{ Output = @($all | Where-Object { $null -eq $_ -or $_.GetType().Name -notin $kinds.Values }) }
    foreach ($kind in $kinds.GetEnumerator()) { $result[$kind.Key] = @($all | Where-Object { $null -ne $_ -and $_.GetType().Name -eq $kind.Value }) }
    $result.Text = @(
        $result.Output | ForEach-Object { "$_"; $_ | Format-List * -Force | Out-String -Width 4000 }
        $result.Errors | ForEach-Object { "$_ $($_.Exception) $($_.ErrorDetails.RecommendedAction) $($_.TargetObject)" }
        $result.Warnings + $result.Verbose + $result.Debug + $result.Information | ForEach-Object { "$_" }
    ) -join "`n"
    [pscustomobject] $result
}

# The ids of the errors, without the name of the cmdlet. Each has an advice, or this throws.
function Get-ErrorId {
    param([Parameter(ValueFromPipeline)] [System.Management.Automation.ErrorRecord] $ErrorRecord)

    process {
        if (-not $ErrorRecord.ErrorDetails.RecommendedAction) { throw "'$($ErrorRecord.FullyQualifiedErrorId)' gives no advice." }
        $ErrorRecord.FullyQualifiedErrorId.Split(',')[0]
    }
}

# Looks until it is so: what a lab does by itself takes its moments.
function Wait-Until([scriptblock] $Condition, [timespan] $Timeout = '0:2') {
    $end = [datetime]::UtcNow + $Timeout
    while (-not (& $Condition)) {
        if ([datetime]::UtcNow -gt $end) { throw "It did not come to this: $Condition" }
        Start-Sleep -Milliseconds 20
    }
}

# Runs a script in a session of its own and ends it, as Ctrl+C does, when it is so; what it had told till then, with the
# progress.
function Invoke-Stopped([scriptblock] $Script, [object[]] $ArgumentList, [scriptblock] $When = { $false }, [timespan] $Timeout = '0:2') {
    $state = [initialsessionstate]::CreateDefault2()
    $state.ImportPSModule("$root/TalosTailscale.psd1")
    $shell = [powershell]::Create($state)
    try {
        $null = $shell.AddScript("$Script", $true)
        foreach ($argument in $ArgumentList) { $null = $shell.AddArgument($argument) }
        $none = [System.Management.Automation.PSDataCollection[psobject]]::new()
        $none.Complete()
        $output = [System.Management.Automation.PSDataCollection[psobject]]::new()
        $run = $shell.BeginInvoke($none, $output)
        Wait-Until { $run.IsCompleted -or (& $When) } $Timeout
        $shell.Stop()
        [pscustomobject] @{ Output = @($output); Errors = @($shell.Streams.Error); Progress = @($shell.Streams.Progress) }
    }
    finally { $shell.Dispose() }
}

# Starts a node anew and waits until it is up; with -Down, until it answers no more.
function Restart-LabNode($Node, [switch] $Down) {
    $before = $Node.BootId
    $Node.PowerCycle()
    Wait-Until { if ($Down) { -not $Node.IsApiUp } else { $Node.BootId -ne $before -and $Node.IsReady } }
}

function ConvertTo-Secret([string] $Text) { ConvertTo-SecureString $Text -AsPlainText -Force }

# What Tab offers at the section sign, which stands for the cursor.
function Complete-Line([string] $Line) {
    $cursor = $Line.IndexOf('§')
    [System.Management.Automation.CommandCompletion]::CompleteInput($Line.Remove($cursor, 1), $cursor, $null).CompletionMatches
}

Export-ModuleMember -Function Start-Lab, Stop-Lab, Set-LabServiceConfig, Add-LabExtension, Get-BootEntry, New-LabUki, Get-EspState, Wait-NoPod, Copy-NodeOption, Get-LabState, Invoke-Captured, Invoke-Stopped, Wait-Until, Restart-LabNode, Get-ErrorId, ConvertTo-Secret, Complete-Line
