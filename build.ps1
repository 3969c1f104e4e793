#Requires -Version 7.4
<#
.SYNOPSIS
Builds, tests, rehearses and packs the module, for people with pwsh.

.DESCRIPTION
Build       compiles the solution; afterwards Import-Module ./TalosTailscale.psd1 works in place
Test        dotnet test, Pester's tests among them
Rehearse    plays the runbook on the embedded lab
Acceptance  the Pester suite in tests/acceptance against the lab, or a real cluster with -Settings
Help        brings the parts of docs/help up to date that come from the code
Pack        a clean module folder and a package for Install-PSResource below output/
Reproduce   packs from a clean state once more and compares the bytes
Install     installs the package from -Package (default output/) for the current user, from a local repository
Publish     publishes the packed module to a folder as to a gallery, installs it from there and runs a cmdlet of it
Benchmark   all benchmarks into one table

.EXAMPLE
./build.ps1

.EXAMPLE
./build.ps1 -Task Build, Test -Configuration Release

.EXAMPLE
./build.ps1 -Task Pack, Reproduce
#>
[CmdletBinding()]
param(
    [ValidateSet('Build', 'Test', 'Rehearse', 'Acceptance', 'Help', 'Pack', 'Reproduce', 'Install', 'Publish', 'Benchmark')]
    [string[]] $Task = 'Build',

    [ValidateSet('Debug', 'Release')]
    [string] $Configuration = 'Debug',

    # A settings file for the acceptance tests: which talosconfig, which nodes, what may be changed.
    [string] $Settings,

    # The folder with the package that Install takes.
    [string] $Package
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
    Import-Pester
    # After -Task Install it is the installed module that is tested.
    if (-not (Get-Module TalosTailscale)) { Import-Module "$root/TalosTailscale.psd1" -Global }
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

# Pester of this machine, or the pinned one out of the package folder.
function Import-Pester {
    if (Get-Module Pester -ListAvailable | Where-Object Version -GE 5.5.0) {
        Import-Module Pester -MinimumVersion 5.5.0
        return
    }
    Invoke-DotNet restore "$root/tests/TalosTailscale.Pester" -v quiet | Out-Host
    $packages = (dotnet nuget locals global-packages --list) -replace '^global-packages:\s*'
    $version = ([xml] (Get-Content "$root/Directory.Packages.props" -Raw)).Project.PropertyGroup.PesterVersion
    Import-Module (Join-Path $packages pester $version tools Pester.psd1)
}

function Invoke-AcceptanceSuite([string] $Path) {
    $containers = Get-ChildItem "$root/tests/acceptance/*.Tests.ps1" |
        ForEach-Object { New-PesterContainer -Path $_.FullName -Data @{ Settings = $Path } }
    $result = Invoke-Pester -Container $containers -Output Detailed -PassThru
    if ($result.FailedCount -gt 0) { throw "$($result.FailedCount) acceptance tests failed." }
}

# Starts the lab in a process of its own and takes over the environment that it prints.
function Start-Lab {
    $program = "$root/src/TalosTailscale.Rehearsal/bin/$Configuration/net10.0/TalosTailscale.Rehearsal.dll"
    if (-not (Test-Path $program)) {
        Invoke-DotNet build "$root/src/TalosTailscale.Rehearsal" --configuration $Configuration -nologo -v quiet | Out-Host
    }

    # Not by dotnet run, which does not hand on the signal that ends it.
    $start = [System.Diagnostics.ProcessStartInfo]::new('dotnet')
    $start.ArgumentList.Add($program)
    $start.ArgumentList.Add('-Serve')
    $start.RedirectStandardOutput = $true
    $lab = [System.Diagnostics.Process]::Start($start)
    while ($null -ne ($line = $lab.StandardOutput.ReadLine())) {
        if ($line -match "^\`$env:(\w+) = '(.*)'`$") { Set-Item "Env:$($Matches[1])" $Matches[2] }
        if ($line.StartsWith('# … and')) { return $lab }
    }
    throw 'The lab did not start.'
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

function Update-Help {
    Invoke-DotNet run --project "$root/src/TalosTailscale.Build" --configuration $Configuration -- help-update "$root/docs/help"
}

# Packing is a program of its own (src/TalosTailscale.Build), so that tests can look at it too.
function Invoke-Pack([string] $Output) {
    $bin = Join-Path $root output bin
    if (Test-Path $bin) { Remove-Item $bin -Recurse -Force }
    # Paths of this machine stay out of the assemblies.
    $deterministic = '-p:ContinuousIntegrationBuild=true', '-p:DeterministicSourcePaths=true'
    Invoke-DotNet publish "$root/src/TalosTailscale" --configuration Release --output $bin -nologo -v quiet @deterministic
    # Machine code beside the IL, so that it starts fast; every other system has the IL.
    foreach ($system in 'linux-x64', 'linux-arm64', 'osx-arm64', 'win-x64') {
        Invoke-DotNet build "$root/src/TalosTailscale.ReadyToRun" --configuration Release --runtime $system -nologo -v quiet "-p:Bin=$bin/"
    }
    Invoke-DotNet run --project "$root/src/TalosTailscale.Build" --configuration Release -- pack $root $bin $Output
}

function Test-Reproducible {
    $first = Get-FileHash (Join-Path $root output *.nupkg)
    Get-ChildItem "$root/src" -Directory -Recurse -Include Release | Remove-Item -Recurse -Force
    $again = Join-Path $root output again
    Invoke-Pack $again
    $second = Get-FileHash (Join-Path $again *.nupkg)
    if ($first.Hash -ne $second.Hash) { throw "Two packages of the same sources differ: $($first.Hash) and $($second.Hash)." }
    "Twice the same package: SHA-256 $($first.Hash)"
}

function Install-Package {
    $folder = if ($Package) { $Package } else { Join-Path $root output }
    $repository = @{ Name = 'TalosTailscaleLocal'; Uri = (Resolve-Path $folder).ProviderPath; Trusted = $true }
    Register-PSResourceRepository @repository -Force
    try { Install-PSResource TalosTailscale -Repository $repository.Name -Scope CurrentUser -Reinstall }
    finally { Unregister-PSResourceRepository $repository.Name }
    Import-Module TalosTailscale -Global -PassThru
}

# What a gallery would see, without one.
function Publish-Module {
    $folder = Get-Item (Join-Path $root output TalosTailscale *)
    $shelf = New-Item -ItemType Directory -Path (Join-Path $root output gallery) -Force
    Get-ChildItem $shelf | Remove-Item -Recurse
    $repository = @{ Name = 'TalosTailscaleShelf'; Uri = $shelf.FullName; Trusted = $true }
    Register-PSResourceRepository @repository -Force
    try {
        Publish-PSResource -Path $folder -Repository $repository.Name
        $found = Find-PSResource TalosTailscale -Repository $repository.Name
        if (-not $found.ReleaseNotes) { throw 'What was published has no release notes.' }
        Install-PSResource TalosTailscale -Repository $repository.Name -Scope CurrentUser -Reinstall
    }
    finally { Unregister-PSResourceRepository $repository.Name }
    # In a process of its own, which knows of it only by its name.
    $shell = [System.IO.Path]::Combine($PSHOME, 'pwsh.dll')
    $names = dotnet $shell -NoProfile -NonInteractive -Command "
        Import-Module TalosTailscale -RequiredVersion '$($found.Version)'
        if ((Get-Module TalosTailscale).ModuleBase -like '$root*') { throw 'That is the checkout, not what was installed.' }
        (Get-TsNode -Inventory '$root/devices').Name"
    if ($LASTEXITCODE -ne 0 -or 'ryzen' -notin $names) { throw "The installed module does not work: $names" }
    "TalosTailscale $($found.Version) was published, found, installed and imported; Get-TsNode gave $($names -join ', ')."
}

function Measure-Everything {
    Invoke-DotNet run --project "$root/tests/TalosTailscale.Benchmarks" --configuration Release -- all
}

foreach ($name in $Task) {
    switch ($name) {
        'Build' { Invoke-Build }
        'Test' { Invoke-Test }
        'Rehearse' { Invoke-Rehearsal }
        'Acceptance' { Invoke-Acceptance }
        'Help' { Update-Help }
        'Pack' { Invoke-Pack (Join-Path $root output) }
        'Reproduce' { Test-Reproducible }
        'Install' { Install-Package }
        'Publish' { Publish-Module }
        'Benchmark' { Measure-Everything }
    }
}
