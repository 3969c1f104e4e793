# Get-Uki and Export-Uki on images that the lab makes.
BeforeAll {
    Import-Module "$PSScriptRoot/../Lab.psm1"
    $images = [TalosTailscale.Lab.Images.LabImages]
    $iso = [TalosTailscale.Lab.Images.LabUkiSpec] @{ Kind = 'Iso'; SecureBoot = $true }
    $installed = [TalosTailscale.Lab.Images.LabUkiSpec] @{}
    $isoUki = $images::Uki($iso)
    $installedUki = $images::Uki($installed)

    function Write-Uki([string] $Name, [byte[]] $Bytes = $installedUki) { [System.IO.File]::WriteAllBytes("$folder/$Name", $Bytes); "$folder/$Name" }

    function Write-Iso([string] $Name) {
        $file = [System.IO.File]::Create("$folder/$Name")
        try { $images::WriteIso($iso, $file) } finally { $file.Dispose() }
        "$folder/$Name"
    }

    function Write-Esp([hashtable] $Files) {
        $entries = [System.Collections.Generic.Dictionary[string, byte[]]]::new()
        foreach ($entry in $Files.GetEnumerator()) { $entries[$entry.Key] = $entry.Value }
        $file = [System.IO.File]::Create("$folder/esp.img")
        try { $images::WriteEsp($file, $entries, 64MB) } finally { $file.Dispose() }
        "$folder/esp.img"
    }

    function Get-Hash([byte[]] $Bytes) { [convert]::ToHexString([System.Security.Cryptography.SHA256]::HashData($Bytes)).ToLowerInvariant() }
}

Describe 'UKIs in files' {
    BeforeEach { $folder = (New-Item -ItemType Directory (Join-Path $TestDrive ([guid]::NewGuid()))).FullName }

    It 'Get Uki tells an installer in an iso' {
        $path = Write-Iso talos.iso
        $uki = Get-Uki $path
        $uki.Name, $uki.Path, $uki.Location, $uki.Container | Should -Be 'Talos-v1.12.4.efi', $path, 'EFI/Linux/Talos-v1.12.4.efi', 'Iso'
        $uki.Version, $uki.Architecture, $uki.Kind, $uki.Variant | Should -Be 'v1.12.4', 'Arm64', 'InstallerIso', 'SecureBoot'
        $uki.HaltsIfInstalled | Should -BeTrue
        $uki.Profiles.Id | Should -Be main, reset
        $uki.HasExtension('siderolabs/tailscale') | Should -BeTrue
        $uki.SchematicId | Should -Be $iso.SchematicId
        $uki.SignatureStatus | Should -Be Valid
        $uki.PcrKeyFingerprint | Should -Be ([TalosTailscale.Lab.Images.LabSigningKeys]::Factory.PcrFingerprint)
        $uki.Sha256 | Should -Be (Get-Hash $isoUki)
    }

    It 'Get Uki takes wildcards literal names and files from the pipeline' {
        $null = Write-Uki 'a[1].efi'
        $null = Write-Uki b.efi
        $all = @(Get-Uki "$folder/*.efi" -NoHash) + @(Get-Uki -LiteralPath "$folder/a[1].efi" -NoHash) + @(Get-ChildItem $folder | Get-Uki -NoHash)
        $all.Name | Should -Be 'a[1].efi', 'b.efi', 'a[1].efi', 'a[1].efi', 'b.efi'
        $all.Sha256 | Where-Object { $_ } | Should -BeNullOrEmpty
    }

    It 'Get Uki lists sections with their hashes' {
        $file = Write-Uki a.efi
        $sections = Get-Uki $file -Section
        $line = @($sections | Where-Object Name -EQ .cmdline)
        $line.Count | Should -Be 1
        $line.Sha256 | Should -Be (Get-Hash $installedUki[$line[0].Offset..($line[0].Offset + $line[0].Size - 1)])
        $sections.Uki | Select-Object -Unique | Should -Be $file
    }

    It 'Get Uki reports each bad file and goes on' {
        $good = Write-Uki good.efi
        $null = Write-Uki cut.efi $installedUki[0..99999]
        Set-Content "$folder/text.efi" 'This is not an image.'
        $null = Write-Uki boot.efi $images::BootManager('Arm64')
        $result = Invoke-Captured { param($folder) Get-Uki "$folder/*.efi", "$folder/none" } $folder
        $result.Output.Path | Should -Be $good
        $result.Errors | Get-ErrorId | Sort-Object | Should -Be ImageFormatUnknown, ImageTruncated, NotAUki, PathNotFound
    }

    It 'Export Uki takes the exact bytes out of an iso' {
        $path = Write-Iso talos.iso
        $export = Export-Uki $path $folder
        $export.Path, $export.Source, $export.SourceLocation | Should -Be (Join-Path $folder Talos-v1.12.4.efi), $path, 'EFI/Linux/Talos-v1.12.4.efi'
        Get-Hash ([System.IO.File]::ReadAllBytes($export.Path)) | Should -Be (Get-Hash $isoUki)
        $export.Sha256 | Should -Be (Get-Hash $isoUki)
        $export.Signed, $export.Rebuilt | Should -Be $true, $false
    }

    It 'Export Uki rebuilds for an installed system and says that it is unsigned' {
        $null = Write-Iso talos.iso
        $result = Invoke-Captured { param($folder) Get-Uki "$folder/talos.iso" | Export-Uki -Destination "$folder/new.efi" -ForInstalledSystem | Get-Uki } $folder
        $result.Errors | Should -BeNullOrEmpty
        @($result.Warnings -like '*unsigned*').Count | Should -BeGreaterThan 0
        $result.Output.Kind, $result.Output.Variant | Should -Be InstalledSystem, Plain
        $result.Output.Profiles.Id | Should -Be main
        $result.Output.CommandLine | Should -Not -BeLike '*talos.halt_if_installed*'
        $result.Output.HasExtension('tailscale') | Should -BeTrue
    }

    It 'Export Uki refuses to rebuild what is for an installed system and leaves no file' {
        $null = Write-Uki a.efi
        (Invoke-Captured { param($folder) Export-Uki "$folder/a.efi" "$folder/new.efi" -ForInstalledSystem } $folder).Errors | Get-ErrorId | Should -Be UkiNothingToChange
        (Get-ChildItem $folder).Name | Should -Be a.efi
    }

    It 'Export Uki replaces a file only with Force and writes nothing with WhatIf' {
        $path = Write-Iso talos.iso
        $target = "$folder/x.efi"
        Set-Content $target old -NoNewline
        (Invoke-Captured { param($path, $target) Export-Uki $path $target } $path, $target).Errors | Get-ErrorId | Should -Be ExportTargetExists
        Export-Uki $path $target -Force -WhatIf
        Get-Content $target | Should -Be old
        Export-Uki $path $target -Force | Should -Not -BeNullOrEmpty
        (Get-FileHash $target).Hash | Should -Be (Get-Hash $isoUki)
        (Get-ChildItem $folder).Name | Should -Be talos.iso, x.efi
    }

    It 'Export Uki of a truncated iso is an error and leaves no file' {
        $path = Write-Iso talos.iso
        $file = [System.IO.File]::OpenWrite($path)
        $file.SetLength(100 * 2048)
        $file.Dispose()
        (Invoke-Captured { param($path, $folder) Export-Uki $path $folder } $path, $folder).Errors | Get-ErrorId | Should -Be ImageTruncated
        (Get-ChildItem $folder).Name | Should -Be talos.iso
    }

    It 'Export Uki writes into a stream' {
        $path = Write-Iso talos.iso
        $stream = [System.IO.MemoryStream]::new()
        (Export-Uki $path -Stream $stream).Path | Should -BeNullOrEmpty
        Get-Hash $stream.ToArray() | Should -Be (Get-Hash $isoUki)
    }

    It 'Export Uki wants a choice where an esp has several entries' {
        $other = $images::Uki(([TalosTailscale.Lab.Images.LabUkiSpec] @{ Vanilla = $true }))
        $path = Write-Esp @{ 'EFI/Linux/Talos-v1.12.4.efi' = $other; 'EFI/Linux/Talos-v1.12.4~1.efi' = $installedUki; 'EFI/Linux/Talos-v1.12.3.efi.bak.1700000000' = $installedUki }
        (Get-Uki $path -NoHash | Where-Object Name -Like '*.bak.*').IsBootEntry | Should -BeFalse
        (Get-Uki $path -NoHash | Where-Object Name -NotLike '*.bak.*').IsBootEntry | Should -Be $true, $true
        (Invoke-Captured { param($path, $folder) Export-Uki $path $folder } $path, $folder).Errors | Get-ErrorId | Should -Be UkiAmbiguous
        (Get-FileHash (Export-Uki $path $folder -Location '*~1.efi').Path).Hash | Should -Be (Get-Hash $installedUki)
    }

    It 'A shell beside one UKI makes it not ambiguous' {
        $path = Write-Esp @{ 'EFI/Linux/shell.efi' = $images::BootManager('Arm64'); 'EFI/Linux/Talos-v1.12.4.efi' = $installedUki }
        (Export-Uki $path $folder).SourceLocation | Should -Be EFI/Linux/Talos-v1.12.4.efi
    }

    It 'Get Uki holds the signer to trusted certificates in either form: <_>' -ForEach pem, der {
        $form = $_
        $file = Write-Uki a.efi $images::Uki(([TalosTailscale.Lab.Images.LabUkiSpec] @{ SecureBoot = $true }))
        $certificates = [TalosTailscale.Lab.Images.LabSigningKeys]::Factory, [TalosTailscale.Lab.Images.LabSigningKeys]::Other | ForEach-Object {
            $path = Join-Path $folder "$($_.Name).$form"
            if ($form -eq 'pem') { Set-Content $path $_.Certificate.ExportCertificatePem() }
            else { [System.IO.File]::WriteAllBytes($path, $_.Certificate.RawData) }
            $path
        }
        (Get-Uki $file -TrustedCertificate $certificates[0]).SignerTrusted | Should -BeTrue
        (Get-Uki $file -TrustedCertificate $certificates[1]).SignerTrusted | Should -BeFalse
        (Get-Uki $file -TrustedCertificate $certificates).SignerTrusted | Should -BeTrue
    }
}
