# Loads the cmdlets into a load context of their own, so that their dependencies never meet those of other modules.
$bin = [System.IO.Path]::Combine($PSScriptRoot, 'bin')
if ($null -eq ('TalosTailscale.ModuleLoadContext' -as [type])) {
    $loader = [System.IO.Path]::Combine($bin, 'TalosTailscale.Loader.dll')
    if (-not [System.IO.File]::Exists($loader)) {
        throw [System.IO.FileNotFoundException]::new(
            "The module is not built: '$loader' is missing. Run './build.ps1' or 'dotnet build' in the checkout first.")
    }
    $null = [System.Reflection.Assembly]::LoadFrom($loader)
}

$assembly = [TalosTailscale.ModuleLoadContext]::Initialize($bin)
$inner = Import-Module -Assembly $assembly -PassThru

# A second import of an assembly module exports nothing (PowerShell/PowerShell#20710): hand the cmdlets over by name.
$addCmdlet = [System.Management.Automation.PSModuleInfo].GetMethod(
    'AddExportedCmdlet', [System.Reflection.BindingFlags]'Instance, NonPublic')
$self = $ExecutionContext.SessionState.Module
foreach ($cmdlet in $inner.ExportedCmdlets.Values) {
    if (-not $self.ExportedCmdlets.ContainsKey($cmdlet.Name)) {
        $null = $addCmdlet.Invoke($self, @(, $cmdlet))
    }
}
