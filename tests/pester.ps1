# Runs Pester files in this process, one after the other, and writes what came of each It to a file, a line of JSON each;
# `dotnet test`, build.ps1 and CI start it in the PowerShell that is to be tested.
[CmdletBinding()]
param(
    # The manifest of the Pester to use.
    [Parameter(Mandatory)] [string] $Pester,
    # *.Tests.ps1, several with the separator of PATH: -File passes no arrays.
    [Parameter(Mandatory)] [string] $Path,
    # Where to write the results.
    [string] $Result,
    # A settings file, for the acceptance tests.
    [string] $Settings,
    # The acceptance tests on a lab in this process, where everything may be changed.
    [switch] $OnLab,
    # Only finds the tests.
    [switch] $Discover,
    [string] $Output = 'Detailed'
)
Set-StrictMode -Version 3
$ErrorActionPreference = 'Stop'
# What a test did with the colours of an earlier one shows in its texts.
$PSStyle.OutputRendering = 'PlainText'
Import-Module $Pester

function Get-Reason($ErrorRecord) { @($ErrorRecord | ForEach-Object { "$_" }) -join "`n" }

function Get-Place($ErrorRecord) { @($ErrorRecord | ForEach-Object { $_.ScriptStackTrace }) -join "`n" }

function Write-Result([string] $File, $Run) {
    foreach ($test in $Run.Tests | Where-Object { $Discover -or $_.Result -ne 'NotRun' }) {
        [ordered]@{
            File    = $File
            Line    = $test.StartLine
            Name    = $test.ExpandedPath
            Result  = [string] $test.Result
            Seconds = $test.Duration.TotalSeconds
            Message = Get-Reason $test.ErrorRecord
            Trace   = Get-Place $test.ErrorRecord
        } | ConvertTo-Json -Compress | Add-Content -LiteralPath $Result
    }
    # What fails outside of any It: a file that does not parse, a BeforeAll, an AfterAll.
    foreach ($block in @($Run.FailedBlocks) + @($Run.FailedContainers) | Where-Object { $_ -and $_.ErrorRecord.Count -gt 0 }) {
        [ordered]@{
            File = $File; Line = 0; Name = "outside of any It: $block"; Result = 'Failed'; Seconds = 0
            Message = Get-Reason $block.ErrorRecord; Trace = Get-Place $block.ErrorRecord
        } | ConvertTo-Json -Compress | Add-Content -LiteralPath $Result
    }
}

$failed = 0
$lab = $null
try {
    if ($OnLab) {
        Import-Module "$PSScriptRoot/Lab.psm1"
        $lab = Start-Lab
        $Settings = "$PSScriptRoot/acceptance/lab.settings.psd1"
    }
    foreach ($file in $Path.Split([System.IO.Path]::PathSeparator)) {
        $configuration = New-PesterConfiguration
        $configuration.Run.PassThru = $true
        $configuration.Run.SkipRun = [bool] $Discover
        $configuration.Output.Verbosity = $Output
        $configuration.Run.Container = New-PesterContainer -Path $file -Data @{}
        if ($Settings) { $configuration.Run.Container = New-PesterContainer -Path $file -Data @{ Settings = $Settings } }
        $run = Invoke-Pester -Configuration $configuration
        if (-not $Discover -and $run.Result -ne 'Passed') { $failed++ }
        if ($Result) { Write-Result $file $run }
    }
}
finally {
    if ($lab) { Stop-Lab $lab }
}
if ($failed -gt 0) { exit 1 }
