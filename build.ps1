#Requires -Version 7.4
<#
.SYNOPSIS
Builds, tests, rehearses and packs the module, for people with pwsh.

.DESCRIPTION
Build       compiles the solution; afterwards Import-Module ./TalosTailscale.psd1 works in place
Test        dotnet test
Rehearse    plays the runbook on the embedded lab
Acceptance  the Pester suite in tests/acceptance against the lab, or a real cluster with -Settings
Pack        a clean module folder below output/

.EXAMPLE
./build.ps1

.EXAMPLE
./build.ps1 -Task Build, Test -Configuration Release
#>
[CmdletBinding()]
param(
    [ValidateSet('Build', 'Test', 'Rehearse', 'Acceptance', 'Pack')]
    [string[]] $Task = 'Build',

    [ValidateSet('Debug', 'Release')]
    [string] $Configuration = 'Debug',

    # A settings file for the acceptance tests: which talosconfig, which nodes, what may be changed.
    [string] $Settings
)

Set-StrictMode -Version 3
$ErrorActionPreference = 'Stop'
$root = $PSScriptRoot

function Invoke-DotNet {
    & dotnet @args
    if ($LASTEXITCODE -ne 0) { throw "dotnet $($args -join ' ') ended with $LASTEXITCODE." }
}

function Invoke-Build {
    Invoke-DotNet build "$root/TalosTailscale.slnx" --configuration $Configuration -nologo -v quiet
}

function Invoke-Test {
    Invoke-DotNet test "$root/TalosTailscale.slnx" --configuration $Configuration -nologo
}

function Invoke-Rehearsal {
    Invoke-DotNet run --project "$root/src/TalosTailscale.Rehearsal" --configuration $Configuration
}

function Invoke-Acceptance {
    Import-Module Pester -MinimumVersion 5.5.0
    Import-Module "$root/TalosTailscale.psd1"
    if ($Settings) {
        Invoke-AcceptanceSuite (Resolve-Path $Settings).Path
        return
    }

    # Without settings it is the lab, where everything may be changed.
    $lab = Start-Lab
    try {
        Invoke-AcceptanceSuite "$root/tests/acceptance/lab.settings.psd1"
    }
    finally {
        Stop-Lab $lab
    }
}

function Invoke-AcceptanceSuite([string] $Path) {
    $containers = Get-ChildItem "$root/tests/acceptance/*.Tests.ps1" |
        ForEach-Object { New-PesterContainer -Path $_.FullName -Data @{ Settings = $Path } }
    $result = Invoke-Pester -Container $containers -Output Detailed -PassThru
    if ($result.FailedCount -gt 0) { throw "$($result.FailedCount) acceptance tests failed." }
}

# Starts the lab in a process of its own and takes over the environment that it prints.
function Start-Lab {
    # Not by dotnet run, which does not hand on the signal that ends it.
    $start = [System.Diagnostics.ProcessStartInfo]::new('dotnet')
    $start.ArgumentList.Add("$root/src/TalosTailscale.Rehearsal/bin/$Configuration/net10.0/TalosTailscale.Rehearsal.dll")
    $start.ArgumentList.Add('-Serve')
    $start.RedirectStandardOutput = $true
    $lab = [System.Diagnostics.Process]::Start($start)
    while ($null -ne ($line = $lab.StandardOutput.ReadLine())) {
        if ($line -match "^\`$env:(\w+) = '(.*)'`$") { Set-Item "Env:$($Matches[1])" $Matches[2] }
        if ($line.StartsWith('# … and')) { return $lab }
    }
    throw 'The lab did not start; build first: ./build.ps1 -Task Build'
}

function Stop-Lab([System.Diagnostics.Process] $Lab) {
    # Interrupted it removes its files.
    if (-not $IsWindows -and -not $Lab.HasExited) {
        & kill -INT $Lab.Id
        $null = $Lab.WaitForExit(10000)
    }
    if (-not $Lab.HasExited) { $Lab.Kill($true) }
    $Lab.Dispose()
}

function Invoke-Pack {
    $manifest = Import-PowerShellDataFile "$root/TalosTailscale.psd1"
    $target = Join-Path $root output TalosTailscale $manifest.ModuleVersion
    if (Test-Path $target) { Remove-Item $target -Recurse -Force }
    $null = New-Item $target -ItemType Directory
    $bin = Join-Path $target module bin
    Invoke-DotNet publish "$root/src/TalosTailscale" --configuration Release --output $bin -nologo -v quiet
    # The engine brings its own; the .deps.json is for applications.
    Get-ChildItem $bin -Include '*.deps.json', '*.xml', 'System.Management.Automation.dll' -Recurse | Remove-Item
    Get-ChildItem "$root/module" -Exclude bin | Copy-Item -Destination (Join-Path $target module) -Recurse
    Copy-Item "$root/TalosTailscale.psd1", "$root/README.md", "$root/LICENSE" -Destination $target
    Test-ModuleManifest (Join-Path $target TalosTailscale.psd1) | Out-Null
    Get-Item $target
}

foreach ($name in $Task) {
    switch ($name) {
        'Build' { Invoke-Build }
        'Test' { Invoke-Test }
        'Rehearse' { Invoke-Rehearsal }
        'Acceptance' { Invoke-Acceptance }
        'Pack' { Invoke-Pack }
    }
}
