# On images that the lab makes.
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

Describe 'Export-Uki' {
    BeforeEach { $folder = (New-Item -ItemType Directory (Join-Path $TestDrive ([guid]::NewGuid()))).FullName }

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

    It 'Files are named to the letter' {
        $null = Write-Uki 'a[1].efi'
        (Export-Uki -LiteralPath "$folder/a[1].efi" -Destination "$folder/b.efi").Source | Should -Be (Join-Path $folder 'a[1].efi')
    }
}
