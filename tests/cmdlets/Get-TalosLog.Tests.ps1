BeforeAll {
    Import-Module "$PSScriptRoot/../Lab.psm1"
    $lab = Start-Lab
}

AfterAll { Stop-Lab $lab }

Describe 'Get-TalosLog' {
    It 'A log can be followed and stopped' {
        @(Get-TalosLog ryzen machined) | Should -Not -BeNullOrEmpty
        Get-TalosLog ryzen machined -Tail 0 | Should -BeNullOrEmpty
        @(Get-TalosLog ryzen machined -Tail 1).Count | Should -Be 1
        # A later command that has enough ends what would go on for ever.
        Get-TalosLog ryzen machined -Follow | Select-Object -First 1 | Should -Not -BeNullOrEmpty
    }

    It 'A log that is not there is a service that is not there' {
        (Invoke-Captured { Get-TalosLog -Node ryzen nothing }).Errors | Get-ErrorId | Should -Be TalosServiceNotFound
    }
}
