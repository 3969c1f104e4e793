BeforeAll {
    Import-Module "$PSScriptRoot/../Lab.psm1"
    $nodes = [TalosTailscale.Lab.LabNodeOptions[]] @([TalosTailscale.Lab.LabNodeOptions]::Runbook | Copy-NodeOption -Extensions siderolabs/iscsi-tools)
    $lab = Start-Lab -Options @{ Nodes = $nodes }
}

AfterAll { Stop-Lab $lab }

Describe 'Get-TalosExtension' {
    It 'Extensions of piped nodes name their node' {
        $extensions = Get-TsNode | Get-TalosExtension -Name iscsi-tools
        $extensions.Node | Sort-Object | Should -Be altra, ampone, ryzen
        $extensions.Name | Select-Object -Unique | Should -Be iscsi-tools
    }

    It 'A missing extension is one error for its node' {
        $result = Invoke-Captured { Get-TalosExtension ampone tailscale }
        $result.Output | Should -BeNullOrEmpty
        $result.Errors | Get-ErrorId | Should -Be TalosExtensionNotFound
    }
}
