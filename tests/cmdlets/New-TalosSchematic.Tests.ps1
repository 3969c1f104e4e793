BeforeAll {
    Import-Module "$PSScriptRoot/../Lab.psm1"
    $tailscale = '4a0d65c669d46663f377e7161e50cfd570c401f26fd9e7bda34a0216b6f1922b'
}

Describe 'New-TalosSchematic' {
    BeforeAll { $lab = Start-Lab }

    AfterAll { Stop-Lab $lab }

    BeforeEach { $folder = (New-Item -ItemType Directory (Join-Path $TestDrive ([guid]::NewGuid()))).FullName }

    It 'A schematic is computed offline' {
        $schematics = @(New-TalosSchematic -Offline) + @('siderolabs/iscsi-tools', 'siderolabs/tailscale' | New-TalosSchematic -Offline)
        $schematics.Count | Should -Be 2
        $schematics[0].Id, $schematics[0].IsRegistered | Should -Be $tailscale, $false
        $schematics[1].Extensions | Should -Be siderolabs/iscsi-tools, siderolabs/tailscale
    }

    It 'A schematic is registered and files give one each' {
        Set-Content "$folder/a.yaml" 'customization: {}'
        Set-Content "$folder/b.yaml" 'customisation: {}'
        $result = Invoke-Captured { param($folder) New-TalosSchematic -Path "$folder/*.yaml" } $folder
        $result.Errors | Get-ErrorId | Should -Be SchematicInvalid
        $result.Output.IsRegistered | Should -BeTrue
        $lab.Factory.Requests | Where-Object { $_.Method -eq 'POST' -and $_.Path -eq '/schematics' } | Should -Not -BeNullOrEmpty
    }

    It 'WhatIf asks nobody and still tells the id' {
        $before = $lab.Factory.Requests.Count
        (New-TalosSchematic -WhatIf).Id | Should -Be $tailscale
        $lab.Factory.Requests.Count | Should -Be $before
    }

    It 'Files are named to the letter and kernel arguments are part of a schematic' {
        [System.IO.File]::WriteAllText("$folder/s[1].yaml", "customization:`n  extraKernelArgs:`n    - quiet`n")
        $schematics = @(New-TalosSchematic -LiteralPath "$folder/s[1].yaml" -Offline) + @(New-TalosSchematic -ExtraKernelArg quiet -Offline)
        $schematics.Count | Should -Be 2
        foreach ($schematic in $schematics) { $schematic.ExtraKernelArgs | Should -Be quiet }
    }

    It 'Mistakes are told before anything is sent: <Id>' -ForEach @(
        @{ Script = { New-TalosSchematic -Offline -Extension tailscale }; Id = 'ExtensionNameInvalid' }
        @{ Script = { New-TalosSchematic -FactoryUri http://example.org }; Id = 'FactoryUriInvalid' }
        @{ Script = { New-TalosSchematic -FactoryUri http://127.0.0.1:9/ -Proxy ftp://proxy.example }; Id = 'FactoryUriInvalid' }
    ) { (Invoke-Captured $Script).Errors | Get-ErrorId | Should -Be $Id }
}
