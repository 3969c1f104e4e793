BeforeAll {
    Import-Module "$PSScriptRoot/../Lab.psm1"
    $lab = Start-Lab
}

AfterAll { Stop-Lab $lab }

Describe 'Resources, etcd, services and images' {
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

    It 'A living etcd member is not removed, nor one that is not there' {
        $members = Get-TalosEtcdMember ryzen
        $members.Count | Should -Be 3
        $altra = $members | Where-Object Hostname -Like '*-85'
        (Invoke-Captured { param($id) Remove-TalosEtcdMember ryzen $id -Confirm:$false } $altra.IdHex).Errors | Get-ErrorId | Should -Be EtcdMemberAlive
        (Invoke-Captured { Remove-TalosEtcdMember ryzen 0123456789abcdef -Confirm:$false }).Errors | Get-ErrorId | Should -Be TalosNotFound
    }

    It 'Services of several nodes are restarted' {
        Get-TalosService ryzen, altra -Id kubelet | Restart-TalosService -Confirm:$false
        $services = @(Get-TalosService ryzen apid) + @(Get-TalosService altra machined)
        $services | ForEach-Object { "$($_.Node) $($_.Id)" } | Sort-Object | Should -Be 'altra machined', 'ryzen apid'
    }
}
