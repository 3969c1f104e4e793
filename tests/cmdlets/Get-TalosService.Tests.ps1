BeforeAll {
    Import-Module "$PSScriptRoot/../Lab.psm1"
    $lab = Start-Lab
}

AfterAll { Stop-Lab $lab }

Describe 'Get-TalosService' {
    It 'Services have states' {
        $services = Get-TalosService -Node ryzen -Id apid, kube*
        ($services | Where-Object Id -EQ apid).State | Should -Be Running
    }

    It 'An unknown node is one error and the others go on' {
        $result = Invoke-Captured { Get-TalosService -Node nosuch, ryzen -Id apid }
        $result.Output.Node | Should -Be ryzen
        $result.Errors | Get-ErrorId | Should -Be NodeNotFound
    }

    It 'A missing talosconfig ends the pipeline with its places' {
        $result = Invoke-Captured { Get-TalosService ryzen -TalosConfig /nonexistent/talosconfig }
        $result.Output | Should -BeNullOrEmpty
        $result.Errors | Get-ErrorId | Should -Be TalosConfigNotFound
    }

    It 'It is asked where it is told to' {
        (Invoke-Captured { Get-TalosService ryzen -Endpoint 127.0.0.1:1 }).Errors | Get-ErrorId | Should -Not -BeNullOrEmpty
    }

    It 'A wildcard is every node that it matches' {
        (Get-TalosService -Node A*, ryzen, altra -Id etcd).Node | Sort-Object | Should -Be altra, ampone, ryzen
        $rendered = New-TsExtensionServiceConfig -Node a* -AuthKeyReference $lab.KeyReference -PassThru
        $rendered.Node.Name | Sort-Object | Should -Be altra, ampone
        (Set-TalosMachinePatch -Node *zen @{ machine = @{ sysctls = @{ a = '1' } } } -WhatIf).Node | Should -Be ryzen
    }

    It 'One that matches none is an error and the others go on' {
        $result = Invoke-Captured { Get-TalosService -Node z*, ryzen -Id etcd }
        $result.Output.Node | Should -Be ryzen
        $result.Errors | Get-ErrorId | Should -Be NodeNotFound
        $result.Errors[0].TargetObject | Should -Be 'z*'
    }

    It 'The time of a service without a health check is that of its last event' {
        $services = Get-TalosService ampone
        $services.Healthy | Should -Contain $null
        foreach ($service in $services) {
            $service.LastChange | Should -Be $service.Events[-1].Time
            $service.LastChange | Should -BeGreaterThan ([DateTimeOffset]::UnixEpoch)
        }
    }
}
