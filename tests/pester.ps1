# Runs Pester files in this process and writes what came of each It to a file of JSON; `dotnet test` and build.ps1 start it.
param(
    # The manifest of the Pester to use.
    [Parameter(Mandatory)] [string] $Pester,
    # Files or folders with *.Tests.ps1.
    [Parameter(Mandatory)] [string[]] $Path,
    # Where to write the results.
    [string] $Result,
    # A settings file, for the acceptance tests.
    [string] $Settings,
    [string] $Output = 'Detailed'
)
Set-StrictMode -Version 3
$ErrorActionPreference = 'Stop'
# What a test did with the colours of an earlier one shows in its texts.
$PSStyle.OutputRendering = 'PlainText'
Import-Module $Pester

$configuration = New-PesterConfiguration
$configuration.Run.PassThru = $true
$configuration.Run.Exit = $false
$configuration.Output.Verbosity = $Output
if ($Settings) {
    $configuration.Run.Container = @(Get-ChildItem $Path -Filter *.Tests.ps1 | ForEach-Object { New-PesterContainer -Path $_.FullName -Data @{ Settings = $Settings } })
}
else { $configuration.Run.Path = $Path }
$run = Invoke-Pester -Configuration $configuration

$tests = @(foreach ($test in $run.Tests) {
        [ordered]@{
            File    = Split-Path $test.Block.BlockContainer.Item -Leaf
            Name    = $test.ExpandedPath
            Result  = [string] $test.Result
            Seconds = $test.Duration.TotalSeconds
            Message = @($test.ErrorRecord | ForEach-Object { "$($_.Exception.Message)`n$($_.ScriptStackTrace)" }) -join "`n"
        }
    })
# What fails outside of any It: a file that does not parse, a BeforeAll.
$tests += @(foreach ($block in @($run.FailedBlocks) + @($run.FailedContainers)) {
        [ordered]@{
            File    = [string] $block
            Name    = "$block, outside of any test"
            Result  = 'Failed'
            Seconds = 0
            Message = @($block.ErrorRecord | ForEach-Object { "$($_.Exception.Message)`n$($_.ScriptStackTrace)" }) -join "`n"
        }
    })
if ($Result) { ConvertTo-Json -InputObject $tests -Depth 3 | Set-Content -LiteralPath $Result }
if ($run.Result -ne 'Passed') { exit 1 }
