# A second import of an assembly module exports nothing (PowerShell/PowerShell#20710): hand the cmdlets over by name.
$inner = Import-Module -Assembly ([TalosTailscale.ModuleLoadContext]::Initialize($bin)) -PassThru
$addCmdlet = [System.Management.Automation.PSModuleInfo].GetMethod(
    'AddExportedCmdlet', [System.Reflection.BindingFlags]'Instance, NonPublic')
$self = $ExecutionContext.SessionState.Module
foreach ($cmdlet in $inner.ExportedCmdlets.Values) {
    if (-not $self.ExportedCmdlets.ContainsKey($cmdlet.Name)) {
        $null = $addCmdlet.Invoke($self, @(, $cmdlet))
    }
}
