# Cultures that write numbers with a comma (German) or have two kinds of i (Turkish), and folders with names of more than
# ASCII.
BeforeAll {
    Import-Module "$PSScriptRoot/../Lab.psm1"
    $lab = Start-Lab
}

AfterAll { Stop-Lab $lab }

Describe 'Cultures' {
    BeforeDiscovery { $cultures = 'tr-TR', 'de-DE' }

    BeforeEach {
        $before = [cultureinfo]::CurrentCulture
        [cultureinfo]::CurrentCulture = [cultureinfo]::CurrentUICulture = $_
        1.5.ToString() | Should -Be '1,5'
    }

    AfterEach { [cultureinfo]::CurrentCulture = [cultureinfo]::CurrentUICulture = $before }

    It 'Names are found in any case: <_>' -ForEach $cultures {
        # In Turkish the capital of i is İ, and the small letter of I is ı.
        (Get-TsNode RYZEN).Name | Should -Be ryzen
        (Get-TsNode TALOS-192-168-1-203).KubernetesName | Should -Be talos-192-168-1-203
        @(Get-TalosService -Node ryzen -Id KUBELET, APID).Count | Should -Be 2
        Get-TalosResource -Node ryzen -Type MACHINESTATUS | Should -Not -BeNullOrEmpty
    }

    It 'Numbers in files and views are the same everywhere: <_>' -ForEach $cultures {
        [TalosTailscale.Sizes]::Text(1536) | Should -Be '1.5 KiB'
        (Set-TalosMachinePatch -Node altra -Patch @{ machine = @{ sysctls = @{ a = '1'; b = 1.5 } } } -ServiceTimeout 0 -WhatIf).Diff | Should -BeLike '*1.5*'
    }

    It 'The runbook renders, patches and checks: <_>' -ForEach $cultures {
        $result = Get-TsNode ampone | New-TsExtensionServiceConfig -AuthKeyReference $lab.KeyReference -PassThru -Force | Set-TalosMachinePatch -ServiceTimeout 0
        $result.Changed | Should -Be ($_ -eq 'tr-TR') # the second time all of it is there
        Get-TalosMachineConfig ampone | ForEach-Object Text | Should -BeLike '*TS_HOSTNAME=ampone*'
        @(Test-TsNode -Node ampone -Check api, VERSION, Stage, nodeaddress).Count | Should -Be 4
        (New-TalosSchematic -Extension siderolabs/tailscale -Offline).Id | Should -Be 4a0d65c669d46663f377e7161e50cfd570c401f26fd9e7bda34a0216b6f1922b
    }
}

Describe 'Folders' {
    It 'Folders may have any name: <_>' -ForEach 'Größe und Maß', '地址 日本語', 'емблема [1] $x' {
        $folder = (New-Item -ItemType Directory (Join-Path $lab.Folder $_)).FullName
        Copy-Item -LiteralPath $lab.Devices -Destination $folder -Recurse
        $devices = Join-Path $folder devices
        $rendered = Get-TsNode ampone -Inventory $devices | New-TsExtensionServiceConfig -AuthKeyReference $lab.KeyReference -Inventory $devices -PassThru -Force
        $rendered.Path.StartsWith($folder) | Should -BeTrue

        Push-Location -LiteralPath $folder
        try { $image = New-TalosSchematic | Save-TalosImage -Node ampone -Kind Uki -Destination ./talos.efi }
        finally { Pop-Location }
        (Get-Uki -LiteralPath $image.Path -NoHash).Path | Should -Be (Join-Path $folder talos.efi)
    }
}
