# What comes along a pipeline belongs to the node that it came with, by whatever name that node was given.
BeforeAll {
    Import-Module "$PSScriptRoot/../Lab.psm1"
    $lab = Start-Lab
    $images = foreach ($size in 400000, 410000) {
        $file = "$TestDrive/$size.efi"
        [System.IO.File]::WriteAllBytes($file, [TalosTailscale.Lab.Images.LabImages]::Uki([TalosTailscale.Lab.Images.LabUkiSpec] @{ Size = $size }))
        $file
    }
    $hashes = $images | ForEach-Object { (Get-FileHash $_).Hash.ToLowerInvariant() }
    $ampone = $lab.Cluster.Node('ampone').Options.Address
}

AfterAll { Stop-Lab $lab }

Describe 'Invoke-UkiSwap' {
    It 'Gives each node the image that came with it, by name or address' {
        $plans = @(
            [pscustomobject] @{ Node = $ampone; Path = $images[0] }
            [pscustomobject] @{ Node = 'altra'; Path = $images[1] }
        ) | Invoke-UkiSwap -WhatIf -SkipGate ServiceConfig
        ($plans | Where-Object Node -EQ ampone).NewSha256 | Should -Be $hashes[0]
        ($plans | Where-Object Node -EQ altra).NewSha256 | Should -Be $hashes[1]
    }

    It 'Refuses two images for one node, though it was given by two names' {
        {
            @(
                [pscustomobject] @{ Node = 'ampone'; Path = $images[0] }
                [pscustomobject] @{ Node = $ampone; Path = $images[1] }
            ) | Invoke-UkiSwap -WhatIf -ErrorAction Stop
        } | Should -Throw -ErrorId 'InputAmbiguous,*'
    }
}

Describe 'A service config' {
    BeforeAll {
        $service = Get-TsNode ampone | New-TsExtensionServiceConfig -AuthKeyReference $lab.KeyReference -PassThru -Force
    }

    It 'Is refused by <_> for another node' -ForEach 'Set-TalosMachinePatch', 'Install-TsNode' {
        $before = (Get-TalosMachineConfig altra).Text
        $failure = $null
        try { $service | & $_ -Node altra -WhatIf -ErrorAction Stop } catch { $failure = $_ }
        $failure.FullyQualifiedErrorId | Should -BeLike 'InputUnused,*'
        "$failure" | Should -BeLike "*'ampone'*'altra'*"
        (Get-TalosMachineConfig altra).Text | Should -Be $before
    }

    It 'Is taken where it names the node itself' {
        ($service | Set-TalosMachinePatch -WhatIf).Node | Should -Be ampone
    }
}
