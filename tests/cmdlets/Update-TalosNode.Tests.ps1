BeforeAll {
    Import-Module "$PSScriptRoot/../Lab.psm1"
    $nodes = [TalosTailscale.Lab.LabNodeOptions[]] @([TalosTailscale.Lab.LabNodeOptions]::Runbook | Copy-NodeOption -Extensions siderolabs/iscsi-tools)
    $lab = Start-Lab -Options @{ Nodes = $nodes }
}

AfterAll { Stop-Lab $lab }

Describe 'Update-TalosNode' {
    It 'A plain installer that would lose the extension is refused with the reference to use' {
        $result = Invoke-Captured { Update-TalosNode ryzen ghcr.io/siderolabs/installer:v1.12.4 -Confirm:$false }
        $result.Errors | Get-ErrorId | Should -Be InstallerLosesExtension
        $result.Errors[0].ErrorDetails.RecommendedAction | Should -BeLike '*factory.talos.dev/metal-installer/*:v1.12.4*'
    }

    It 'The advised installer is that of the given factory' {
        $result = Invoke-Captured { Update-TalosNode ryzen ghcr.io/siderolabs/installer:v1.12.4 -FactoryUri https://factory.example:8443 -Confirm:$false }
        $result.Errors | Get-ErrorId | Should -Be InstallerLosesExtension
        $result.Errors[0].ErrorDetails.RecommendedAction | Should -BeLike "*'factory.example:8443/metal-installer/*"
    }
}
