# What a user may get wrong: a clear error with an advice, and nothing changed.
BeforeAll {
    Import-Module "$PSScriptRoot/../Lab.psm1"
    $lab = Start-Lab
    $api = $lab.Talos
    $key = $lab.KeyReference

    function Write-Uki([hashtable] $Spec) {
        [System.IO.File]::WriteAllBytes("$TestDrive/other.efi", [TalosTailscale.Lab.Images.LabImages]::Uki([TalosTailscale.Lab.Images.LabUkiSpec] $Spec))
        "$TestDrive/other.efi"
    }
}

AfterAll { Stop-Lab $lab }

Describe 'Mistakes' {
    BeforeEach { $before = Get-LabState $lab }

    AfterEach { Get-LabState $lab | Should -Be $before }

    It 'A talosconfig that is not there' {
        (Invoke-Captured { Get-TsNode | Set-TalosMachinePatch -TalosConfig ./no-such-talosconfig }).Errors | Get-ErrorId | Should -Be TalosConfigNotFound
    }

    It 'A client certificate that has expired' {
        $now = [DateTimeOffset]::UtcNow
        $expired = $api.Authority.IssueClient([string[]] 'os:admin', $now.AddYears(-1), $now.AddDays(-1))
        Set-Content "$TestDrive/expired" $api.TalosConfig($expired)
        $run = Invoke-Captured { Get-TalosService -Node ampone -TalosConfig "$TestDrive/expired" }
        $run.Errors | Get-ErrorId | Should -Be TalosClientCertificateExpired
        "$($run.Errors)" | Should -BeLike "*$($now.AddDays(-1).ToString('yyyy-MM-dd'))*"
    }

    It 'A certificate authority of another cluster' {
        $other = [TalosTailscale.Lab.Pki.LabAuthority]::Create()
        $none = [string[]] @()
        Set-Content "$TestDrive/other" ([TalosTailscale.Lab.Pki.LabTalosConfig]::Write('other', [string[]] $api.Endpoint, $none, $other, $other.IssueClient([string[]] 'os:admin')))
        (Invoke-Captured { Get-TalosService -Node ampone -TalosConfig "$TestDrive/other" }).Errors | Get-ErrorId | Should -Be TalosServerNotTrusted
    }

    It 'A node that is not known: <Script>' -ForEach @(
        @{ Script = { Get-TsNode ampoe } }
        @{ Script = { Get-TalosService -Node ampoe } }
        @{ Script = { New-TsExtensionServiceConfig -Node ampoe -AuthKeyReference 'env:PATH' } }
        @{ Script = { Set-TalosMachinePatch -Node ampoe -Patch @{ machine = @{} } } }
    ) {
        $run = Invoke-Captured $Script
        $run.Errors | Get-ErrorId | Should -Be NodeNotFound
        "$($run.Errors)" | Should -BeLike '*ampone*'
    }

    It 'A patch that is no yaml: <_>' -ForEach 'machine: [unclosed', "machine:`n`t- tab", 'machine: &a [*a, *b]' {
        (Invoke-Captured { param($patch) Set-TalosMachinePatch -Node ampone -Patch $patch } $_).Errors | Get-ErrorId | Should -Be YamlInvalid
    }

    It 'A text where a rendered config is expected' {
        (Invoke-Captured { 'machine: {}' | Set-TalosMachinePatch -Node ampone }).Errors.FullyQualifiedErrorId | Should -BeLike 'InputObjectNotBound*'
    }

    It 'A pipeline that brings no node changes none: <Script>' -ForEach @(
        @{ Script = { Get-TsNode ampoe -ErrorAction SilentlyContinue | Restart-TalosNode -Confirm:$false } }
        @{ Script = { Get-TsNode ampoe -ErrorAction SilentlyContinue | Set-TalosMachinePatch -Patch 'debug: true' } }
    ) { (Invoke-Captured $Script).Output | Should -BeNullOrEmpty }

    It 'A change without a node: <Script>' -ForEach @(
        @{ Script = { Restart-TalosNode -Confirm:$false } }
        @{ Script = { Set-TalosMachinePatch -Patch 'debug: true' } }
    ) { (Invoke-Captured $Script).Errors | Get-ErrorId | Should -Be TalosNodeMissing }

    It 'An iso that ends too early' {
        $file = [System.IO.File]::Create("$TestDrive/short.iso")
        try {
            [TalosTailscale.Lab.Images.LabImages]::WriteIso([TalosTailscale.Lab.Images.LabUkiSpec] @{ Kind = 'Iso' }, $file)
            $file.SetLength(300000)
        }
        finally { $file.Dispose() }
        (Invoke-Captured { Export-Uki "$TestDrive/short.iso" "$TestDrive/out.efi" }).Errors | Get-ErrorId | Should -Be ImageTruncated
        "$TestDrive/out.efi" | Should -Not -Exist
        (Invoke-Captured { Invoke-UkiSwap -Node ampone -Path "$TestDrive/short.iso" -Confirm:$false }).Errors | Get-ErrorId | Should -Be ImageTruncated
    }

    It 'An image of another architecture or version: <Id>' -ForEach @(
        @{ Spec = @{ Architecture = 'Amd64'; Version = 'v1.12.4' }; Id = 'UkiArchitectureMismatch' }
        @{ Spec = @{ Architecture = 'Arm64'; Version = 'v1.11.0' }; Id = 'UkiVersionMismatch' }
    ) {
        $uki = Write-Uki $Spec
        (Invoke-Captured { Invoke-UkiSwap -Node ampone -Path $uki -Confirm:$false }).Errors | Get-ErrorId | Should -Contain $Id
        Wait-Until { $lab.Kubernetes.Pods.Count -eq 0 }
    }

    It 'A template without the placeholder' {
        $template = Join-Path $lab.Devices ampone manifests tailscale-extension-service.template.yaml
        $text = Get-Content $template -Raw
        Set-Content $template $text.Replace('${TAILSCALE_AUTHKEY}', '') -NoNewline
        try { $run = Invoke-Captured { New-TsExtensionServiceConfig -Node ampone -AuthKeyReference $key } }
        finally { Set-Content $template $text -NoNewline }
        $run.Errors | Get-ErrorId | Should -Be TemplatePlaceholderMissing
        Join-Path (Split-Path $template) tailscale-extension-service.yaml | Should -Not -Exist
    }
}
