BeforeAll {
    Import-Module "$PSScriptRoot/../Lab.psm1"
    $busybox = 'docker.io/library/busybox:1.37'
}

Describe 'Save-TalosContainerImage' {
    It 'A pull is told from an image that was there' {
        $lab = Start-Lab
        try {
            Save-TalosContainerImage ampone $busybox -WhatIf
            $first = Invoke-Captured { Save-TalosContainerImage ampone $busybox -Confirm:$false }
            $first.Errors + $first.Warnings | Should -BeNullOrEmpty
            $first.Output.Pulled | Should -BeTrue
            $first.Output.Digest | Should -BeLike 'sha256:*'

            $again = Invoke-Captured { Save-TalosContainerImage ampone $busybox -Confirm:$false }
            $again.Output.Pulled | Should -BeFalse
            "$($again.Warnings)" | Should -BeLike '*nothing was asked of the registry*'

            (Invoke-Captured { Save-TalosContainerImage ampone $busybox -Fresh -Confirm:$false }).Errors | Get-ErrorId | Should -Be TalosUnimplemented
            (Invoke-Captured { Save-TalosContainerImage ampone factory.talos.dev/nosuch/image:v1 -Confirm:$false }).Errors | Get-ErrorId | Should -Be TalosNotFound
        }
        finally { Stop-Lab $lab }
    }

    It 'On 1.13 a fresh pull is a true one' {
        $lab = Start-Lab -Options @{ TalosVersion = 'v1.13.9' }
        try {
            (Save-TalosContainerImage ampone $busybox -Confirm:$false).Pulled | Should -BeTrue
            (Save-TalosContainerImage ampone $busybox -Confirm:$false -WarningAction SilentlyContinue).Pulled | Should -BeFalse
            $fresh = Invoke-Captured { Save-TalosContainerImage ampone $busybox -Fresh -Confirm:$false }
            $fresh.Errors + $fresh.Warnings | Should -BeNullOrEmpty
            $fresh.Output.Pulled | Should -BeTrue
        }
        finally { Stop-Lab $lab }
    }
}
