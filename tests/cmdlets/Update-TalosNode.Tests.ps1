BeforeAll { Import-Module "$PSScriptRoot/../Lab.psm1" }

Describe 'Update-TalosNode' {
    Context 'of a node with an extension' {
        BeforeAll {
            $nodes = [TalosTailscale.Lab.LabNodeOptions[]] @([TalosTailscale.Lab.LabNodeOptions]::Runbook | Copy-NodeOption -Extensions siderolabs/iscsi-tools)
            $lab = Start-Lab -Options @{ Nodes = $nodes }
        }

        AfterAll { Stop-Lab $lab }

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

    Context 'to its good end' {
        BeforeEach { $lab = $null }

        AfterEach { Stop-Lab $lab }

        It 'An upgrade comes back with the version that it installed: <From>' -ForEach @(
            @{ From = 'v1.12.4'; To = 'v1.12.9' }
            @{ From = 'v1.13.4'; To = 'v1.13.9' }
        ) {
            $lab = Start-Lab -Options @{ TalosVersion = $From }
            $before = $lab.Cluster.Node('ampone').BootId
            $upgrade = Update-TalosNode ampone "ghcr.io/siderolabs/installer:$To" -Wait -Timeout 00:02:00 -Confirm:$false
            $upgrade.Node, $upgrade.PreviousVersion, $upgrade.Version | Should -Be ampone, $From, $To
            $lab.Cluster.Node('ampone').BootId | Should -Not -Be $before
        }

        It 'The plain installer of 1.14 is not published' {
            $lab = Start-Lab -Options @{ TalosVersion = 'v1.13.9' }
            $before = $lab.Cluster.Node('ampone').BootId
            (Invoke-Captured { Update-TalosNode ampone ghcr.io/siderolabs/installer:v1.14.0 -Confirm:$false }).Errors | Get-ErrorId | Should -Be TalosNotFound
            $lab.Cluster.Node('ampone').BootId | Should -Be $before
        }

        It 'An image with tailscale is refused until the node has its configuration' {
            $lab = Start-Lab
            $ryzen = $lab.Cluster.Node('ryzen')
            $before = $ryzen.BootId
            $image = New-TalosSchematic | Save-TalosImage -Node ryzen -Kind Installer

            $refused = Invoke-Captured { $image | Update-TalosNode -Wait -Confirm:$false }
            $refused.Errors | Get-ErrorId | Should -Be ServiceConfigMissing
            "$($refused.Errors)" | Should -BeLike "*'ryzen', whose ExtensionServiceConfig 'tailscale' is not in the active configuration*"
            $refused.Errors[0].ErrorDetails.RecommendedAction | Should -BeLike '*New-TsExtensionServiceConfig*'
            $ryzen.BootId | Should -Be $before

            $image | Update-TalosNode -AllowMissingServiceConfig -Confirm:$false
            Wait-Until { $ryzen.BootId -ne $before -and "$($ryzen.UnmetConditions)" -like "*ext-tailscale*" }
            'ryzen' | New-TsExtensionServiceConfig -AuthKeyReference $lab.KeyReference -PassThru | Set-TalosMachinePatch -Confirm:$false | Should -Not -BeNullOrEmpty
            Wait-Until { $ryzen.IsReady }
            ($image | Update-TalosNode -Wait -Confirm:$false).Node | Should -Be ryzen
        }

        It 'Each node gets the image that came with it' {
            $lab = Start-Lab
            $upgrades = [pscustomobject] @{ Node = 'ryzen'; Image = 'ghcr.io/siderolabs/installer:v1.12.8' },
            [pscustomobject] @{ Node = 'altra'; Image = 'ghcr.io/siderolabs/installer:v1.12.9' } | Update-TalosNode -Wait -Confirm:$false
            $upgrades | ForEach-Object { "$($_.Node) $($_.Version)" } | Should -Be 'ryzen v1.12.8', 'altra v1.12.9'
        }

        It 'One node with two images is refused before anything is begun' {
            $lab = Start-Lab
            $before = $lab.Cluster.Node('ryzen').BootId
            $result = Invoke-Captured {
                'v1.12.8', 'v1.12.9' | ForEach-Object { [pscustomobject] @{ Node = 'ryzen'; Image = "ghcr.io/siderolabs/installer:$_" } } | Update-TalosNode -Wait -Confirm:$false
            }
            $result.Errors | Get-ErrorId | Should -Be InputAmbiguous, NodesNotBegun
            $lab.Cluster.Node('ryzen').BootId | Should -Be $before
        }
    }
}
