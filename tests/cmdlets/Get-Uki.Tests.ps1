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

    function Get-Hash([byte[]] $Bytes) { [convert]::ToHexString([System.Security.Cryptography.SHA256]::HashData($Bytes)).ToLowerInvariant() }
}

Describe 'Get-Uki' {
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
