# Loads the cmdlets into a load context of their own, so that their dependencies never meet those of other modules.
# The engine compiles every kind of statement that it meets: what a first import does not need is in another file.
$bin = "$PSScriptRoot/bin"
if ('TalosTailscale.ModuleLoadContext' -as [type]) {
    . "$PSScriptRoot/ImportAgain.ps1"
}
else {
    $loader = "$bin/TalosTailscale.Loader.dll"
    if (-not [System.IO.File]::Exists($loader)) {
        throw "The module is not built: '$loader' is missing. Run './build.ps1' or 'dotnet build' in the checkout first."
    }
    $null = [System.Reflection.Assembly]::LoadFrom($loader)
    Import-Module -Assembly ([TalosTailscale.ModuleLoadContext]::Initialize($bin))
}
