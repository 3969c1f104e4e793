# What the import of the module adds to an engine that is warm, as JSON; in a process of its own each time.
param([Parameter(Mandatory)] [string] $Manifest)
$ErrorActionPreference = 'Stop'
$env:TALOSTAILSCALE_DEVICES = Join-Path (Split-Path $Manifest) devices

function Measure-Step([scriptblock] $Step) {
    $watch = [System.Diagnostics.Stopwatch]::StartNew()
    $null = & $Step
    $watch.Elapsed.TotalMilliseconds
}

function Measure-Tab([string] $Line) {
    Measure-Step { [System.Management.Automation.CommandCompletion]::CompleteInput($Line, $Line.Length, $null) }
}

$folder = (New-Item -ItemType Directory (Join-Path ([System.IO.Path]::GetTempPath()) "ts-empty-$PID")).FullName
try {
    Set-Content "$folder/warm.psm1" 'function Get-Warm { }'
    Set-Content "$folder/empty.psm1" 'function Get-Empty { }'
    # Warm: the parser, the pipeline, Import-Module itself, command discovery and completion have run once.
    $null = Measure-Step { Import-Module "$folder/warm.psm1"; Get-Warm; Get-Command Get-Warm }
    $null = Measure-Tab 'Get-Warm -'
    $empty = Measure-Step { Import-Module "$folder/empty.psm1" }
    $before = [System.AppDomain]::CurrentDomain.GetAssemblies().FullName
    $module = Measure-Step { Import-Module $Manifest }
    $loaded = [System.AppDomain]::CurrentDomain.GetAssemblies() | Where-Object FullName -NotIn $before
    $tabs = (Measure-Tab 'Get-TalosService -Node am'), (Measure-Tab 'Get-TalosService -Node al')
    ConvertTo-Json @{
        Empty      = $empty
        Module     = $module
        FirstCall  = Measure-Step { Get-TsNode }
        FirstTab   = $tabs[0]
        NextTab    = $tabs[1]
        Assemblies = @($loaded | ForEach-Object { $_.GetName().Name } | Sort-Object)
    }
}
finally {
    Remove-Item $folder -Recurse -Force
}
