BeforeAll {
    Import-Module "$PSScriptRoot/../Lab.psm1"
    $tailscale = '4a0d65c669d46663f377e7161e50cfd570c401f26fd9e7bda34a0216b6f1922b'
    $arm = @{ Version = 'v1.12.4'; Architecture = 'Arm64'; Extension = 'siderolabs/tailscale' }
}

Describe 'Save-TalosImage by parameters' {
    BeforeAll { $lab = Start-Lab }

    AfterAll { Stop-Lab $lab }

    BeforeEach { $folder = (New-Item -ItemType Directory (Join-Path $TestDrive ([guid]::NewGuid()))).FullName }

    It 'WhatIf asks nobody and writes nothing' {
        $before = $lab.Factory.Requests.Count
        Save-TalosImage @arm -Destination $folder -WhatIf | Should -BeNullOrEmpty
        $lab.Factory.Requests.Count | Should -Be $before
        Get-ChildItem $folder | Should -BeNullOrEmpty
    }

    It 'An image is saved by parameters under a name that says what it is' {
        $image = New-TalosSchematic | Save-TalosImage -Version 1.12.4 -Architecture Arm64 -SecureBoot -Destination $folder
        $image.Name | Should -Be talos-v1.12.4-metal-arm64-secureboot-uki-4a0d65c6.efi
        $expected = [TalosTailscale.Lab.Images.LabImages]::Uki([TalosTailscale.Lab.Images.LabUkiSpec] @{ SecureBoot = $true })
        (Get-FileHash $image.Path).Hash | Should -Be ([convert]::ToHexString([System.Security.Cryptography.SHA256]::HashData($expected)))
    }

    It 'An installer is a reference and nothing is downloaded' {
        $before = @($lab.Factory.Requests | Where-Object Path -Like '/image/*').Count
        $image = Save-TalosImage -Kind Installer -Version v1.12.4 -Architecture Amd64 -Extension siderolabs/tailscale
        $image.InstallerImage | Should -Be "factory.talos.dev/metal-installer/${tailscale}:v1.12.4"
        @($lab.Factory.Requests | Where-Object Path -Like '/image/*').Count | Should -Be $before
    }

    It 'An installer that no node could pull is refused: <Version>, <Extension>' -ForEach @(
        @{ Version = 'v1.99.0'; Extension = 'siderolabs/tailscale'; Id = 'FactoryNotFound'; Says = 'its newest is v1.13.0' }
        @{ Version = 'v1.12.4'; Extension = 'siderolabs/tailscail'; Id = 'FactoryRefused'; Says = "has no extension 'siderolabs/tailscail' for Talos v1.12.4" }
    ) {
        $result = Invoke-Captured { param($v, $e) Save-TalosImage -Kind Installer -Version $v -Architecture Amd64 -Extension $e } $Version, $Extension
        $result.Errors | Get-ErrorId | Should -Be $Id
        "$($result.Errors)" | Should -BeLike "*$Says*"
    }

    It 'A proxy is asked in place of the factory' {
        # Nobody listens at the factory's address; the lab's factory also answers requests in the form for proxies.
        $proxy = @{ FactoryUri = 'http://127.0.0.1:9/mirror'; Proxy = $env:TALOSTAILSCALE_FACTORY; Destination = $folder }
        $result = Invoke-Captured { param($arm, $proxy) Save-TalosImage @arm @proxy } $arm, $proxy
        # It is found by the path, which here begins with that of the mirror.
        $result.Errors | Get-ErrorId | Should -Be FactoryNotFound
        $lab.Factory.Requests | Where-Object { $_.Method -eq 'POST' -and $_.Path -eq '/mirror/schematics' } | Should -Not -BeNullOrEmpty
    }

    It 'Tab offers what was seen before and asks nobody' {
        New-TalosSchematic -Offline siderolabs/tailscale, siderolabs/zz-seen-before | Should -Not -BeNullOrEmpty
        (Complete-Line 'New-TalosSchematic -Extension siderolabs/zz§').CompletionText | Should -Be siderolabs/zz-seen-before
        (Complete-Line 'Save-TalosImage -SchematicId §').ToolTip | Should -Contain 'siderolabs/tailscale, siderolabs/zz-seen-before'
    }

    It 'What fails verification is an error with advice' {
        $lab.Factory.Faults.IsoUki = $true
        try { $result = Invoke-Captured { param($arm, $folder) Save-TalosImage @arm -Destination "$folder/out.efi" } $arm, $folder }
        finally { $lab.Factory.Faults.IsoUki = $false }
        $result.Errors | Get-ErrorId | Should -Be ImageVerificationFailed
        $result.Output | Should -BeNullOrEmpty
        "$folder/out.efi" | Should -Not -Exist
    }

    It 'Mistakes are told before anything is sent: <Id>' -ForEach @(
        @{ Script = { Save-TalosImage -Version v1.12.4 -Architecture Arm64 }; Id = 'ImageChoiceIncomplete' }
        @{ Script = { Save-TalosImage -Version v1.12.4 -Architecture Arm64 -SchematicId abc }; Id = 'SchematicIdInvalid' }
    ) { (Invoke-Captured $Script).Errors | Get-ErrorId | Should -Be $Id }
}

Describe 'Save-TalosImage for nodes' {
    It 'Nodes of one kind share one file with the tailscale extension added' {
        $lab = Start-Lab
        try {
            $images = Get-TsNode ampone, altra, ryzen | Save-TalosImage -Destination $TestDrive
            $images.Node | Sort-Object | Should -Be altra, ampone, ryzen
            $images.SchematicId | Select-Object -Unique | Should -Be $tailscale
            (Get-ChildItem $TestDrive -Filter *.efi).Name | Sort-Object | Should -Be talos-v1.12.4-metal-amd64-uki-4a0d65c6.efi, talos-v1.12.4-metal-arm64-uki-4a0d65c6.efi
            @($lab.Factory.Requests | Where-Object Path -Like '/image/*').Count | Should -Be 2
            (Save-TalosImage ryzen -Kind Installer).InstallerImage | Should -Be "factory.talos.dev/metal-installer/${tailscale}:v1.12.4"
        }
        finally { Stop-Lab $lab }
    }

    It 'What a node runs already stays in its image' {
        $nodes = [TalosTailscale.Lab.LabNodeOptions]::Runbook | ForEach-Object {
            if ($_.Name -eq 'ampone') { $_ | Copy-NodeOption -Extensions siderolabs/iscsi-tools -SecureBoot $true } else { $_ }
        }
        $lab = Start-Lab -Options @{ Nodes = [TalosTailscale.Lab.LabNodeOptions[]] $nodes }
        try {
            $image = Save-TalosImage ampone -Destination $lab.Folder
            $image.Extensions | Should -Be iscsi-tools, tailscale
            $image.Variant, $image.Uki.SignatureStatus, $image.Architecture | Should -Be SecureBoot, Valid, Arm64
        }
        finally { Stop-Lab $lab }
    }

    It 'A factory that forgets the extension is caught before any swap' {
        $lab = Start-Lab -Fault ExtensionMissing
        try {
            $result = Invoke-Captured { Save-TalosImage ampone -Destination $lab.Folder }
            $result.Output | Should -BeNullOrEmpty
            $result.Errors | Get-ErrorId | Should -Be ImageVerificationFailed
            "$($result.Errors)" | Should -BeLike "*the extension 'siderolabs/tailscale' is missing*"
        }
        finally { Stop-Lab $lab }
    }

    It 'An image replaces a file by force' {
        $lab = Start-Lab
        try {
            Set-Content "$TestDrive/x.efi" 'something else'
            (Invoke-Captured { Save-TalosImage ryzen -Extension siderolabs/tailscale -Destination "$TestDrive/x.efi" }).Errors | Get-ErrorId | Should -Be ImageFileExists
            (Save-TalosImage ryzen -Extension siderolabs/tailscale -Destination "$TestDrive/x.efi" -Force).WasPresent | Should -BeFalse
        }
        finally { Stop-Lab $lab }
    }

    It 'Stopping ends at once and keeps what came' {
        $lab = Start-Lab
        try {
            $lab.Factory.Faults.Stalls.Enqueue(100000)
            $target = "$TestDrive/stopped.efi"
            $run = Invoke-Stopped {
                param($target) Save-TalosImage -Version v1.12.4 -Architecture Arm64 -Extension siderolabs/tailscale -Destination $target
            } $target { (Test-Path "$target.partial") -and (Get-Item "$target.partial").Length -ge 90000 }
            $run.Errors | Should -BeNullOrEmpty
            $target | Should -Not -Exist
            "$target.partial" | Should -Exist
        }
        finally { Stop-Lab $lab }
    }
}
