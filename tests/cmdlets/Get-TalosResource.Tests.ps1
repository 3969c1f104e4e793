BeforeAll {
    Import-Module "$PSScriptRoot/../Lab.psm1"
    $lab = Start-Lab
}

AfterAll { Stop-Lab $lab }

Describe 'Get-TalosResource' {
    It 'A resource is found by its short name, in any case' {
        (Get-TalosResource ryzen machinestatuses machine).Spec.stage | Should -Be running
    }

    It 'A config has secrets: it is given only when forced' {
        (Invoke-Captured { Get-TalosResource ryzen MachineConfigs.config.talos.dev v1alpha1 }).Errors | Get-ErrorId | Should -Be TalosResourceSensitive
        (Get-TalosResource ryzen MachineConfig v1alpha1 -Force).Spec | Should -BeLike '*machine:*'
    }

    It 'A type that is not known is an error' {
        (Invoke-Captured { Get-TalosResource ryzen nosuchthing }).Errors | Get-ErrorId | Should -Be TalosResourceTypeUnknown
    }

    It 'The namespace is the one that was asked for' {
        Get-TalosResource ryzen nodename -Namespace k8s | Should -Not -BeNullOrEmpty
        Get-TalosResource ryzen nodename -Namespace runtime | Should -BeNullOrEmpty
    }

    It 'A watch tells what is there and what changes' {
        $changed = [System.Threading.ManualResetEventSlim]::new()
        $run = Invoke-Stopped {
            param($changed)
            Get-TalosResource ampone services -Watch | ForEach-Object {
                if ($_.Kind -eq 'Bootstrapped') { Restart-TalosService ampone kubelet -Confirm:$false }
                if ($_.Kind -eq 'Updated') { $changed.Set() }
                $_
            }
        } $changed { $changed.IsSet }
        $seen = $run.Output
        $seen.Node | Select-Object -Unique | Should -Be ampone
        $ready = [array]::IndexOf([string[]] $seen.Kind, 'Bootstrapped')
        $ready | Should -BeGreaterThan 5 -Because "$($seen.Kind)"
        @($seen[$ready..($seen.Count - 1)] | Where-Object { $_.Kind -eq 'Updated' -and $_.Id -eq 'kubelet' }) | Should -Not -BeNullOrEmpty
        foreach ($change in $seen | Where-Object Resource) { $change.Id, $change.Version | Should -Be $change.Resource.Id, $change.Resource.Version }
        @($seen | Where-Object { $_.Id -eq 'kubelet' -and $_.Version }) | Should -Not -BeNullOrEmpty
    }
}
