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

# Starts a lab; -Fault takes what the rehearsal's -Fault does, -Options has the rest.
function Start-Lab {
    param([string[]] $Fault = @(), [hashtable] $Options = @{})

    $labOptions = [TalosTailscale.Lab.LabOptions] $Options
    foreach ($one in $Fault) { $labOptions.Faults.Add([TalosTailscale.Lab.LabFaultSetting]::Parse($one)) }
    $cluster = [TalosTailscale.Lab.LabCluster]::StartAsync($labOptions, [System.Threading.CancellationToken]::None).GetAwaiter().GetResult()
    $client = $cluster.WriteClientFiles()
    $devices = Copy-Device $client.Folder
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
        Kubernetes   = (Get-LabPart $cluster TalosTailscale.Lab.Kubernetes.LabKubernetesPart).Api
        Before       = $before
    }
}

function Stop-Lab($Lab) {
    if (-not $Lab) { return }
    foreach ($variable in $Lab.Before.GetEnumerator()) { [Environment]::SetEnvironmentVariable($variable.Key, $variable.Value) }
    $Lab.Cluster.DisposeAsync().AsTask().GetAwaiter().GetResult()
}

# A copy of the inventory without rendered keys; returns its path.
function Copy-Device([string] $Folder) {
    Copy-Item "$root/devices" $Folder -Recurse
    Get-ChildItem "$Folder/devices" -Recurse -Filter tailscale-extension-service.yaml | Remove-Item
    Join-Path $Folder devices
}

function Get-LabPart($Cluster, [string] $Type) {
    $Cluster.GetType().GetMethod('Part').MakeGenericMethod(($Type -as [type])).Invoke($Cluster, @())
}

# The ids of the errors, without the name of the cmdlet. Each has an advice, or this throws.
function Get-ErrorId {
    param([Parameter(ValueFromPipeline)] [System.Management.Automation.ErrorRecord] $ErrorRecord)

    process {
        if (-not $ErrorRecord.ErrorDetails.RecommendedAction) { throw "'$($ErrorRecord.FullyQualifiedErrorId)' gives no advice." }
        $ErrorRecord.FullyQualifiedErrorId.Split(',')[0]
    }
}

function ConvertTo-Secret([string] $Text) { ConvertTo-SecureString $Text -AsPlainText -Force }

# What Tab offers at the section sign, which stands for the cursor.
function Complete-Line([string] $Line) {
    $cursor = $Line.IndexOf('§')
    [System.Management.Automation.CommandCompletion]::CompleteInput($Line.Remove($cursor, 1), $cursor, $null).CompletionMatches
}

Export-ModuleMember -Function Start-Lab, Stop-Lab, Copy-Device, Get-ErrorId, ConvertTo-Secret, Complete-Line
