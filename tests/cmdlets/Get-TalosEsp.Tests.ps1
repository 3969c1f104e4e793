BeforeAll {
    Import-Module "$PSScriptRoot/../Lab.psm1"
    $faults = [TalosTailscale.Lab.LabFault]
}

Describe 'Get-TalosEsp' {
    BeforeAll { $lab = Start-Lab }

    AfterAll { Stop-Lab $lab }

    It 'Get TalosEsp says what boots now and next' {
        $esp = Get-TalosEsp ampone
        $esp.Node, $esp.BootedEntry, $esp.NextBoot.Entry.Id | Should -Be ampone, talos-v1.12.4.efi, talos-v1.12.4.efi
        $entry = @($esp.Files | Where-Object Role -EQ Entry)
        $entry.Count | Should -Be 1
        $entry[0].IsBooted, $entry[0].BootsNext | Should -Be $true, $true
        $entry[0].Uki.Version, $entry[0].Uki.Architecture | Should -Be v1.12.4, Arm64
        $esp.Findings | Should -BeNullOrEmpty
        Wait-NoPod $lab
    }

    It 'Before Talos 1.13 there is no other way than a pod' {
        (Invoke-Captured { Get-TalosEsp ampone -Via Talos }).Errors | Get-ErrorId | Should -Be DebugServiceMissing
    }

    It 'Faults of Kubernetes have names: <Fault>' -ForEach @(
        @{ Fault = 'PodSecurity'; Id = 'PodSecurityRefused' }
        @{ Fault = 'UnpullableImage'; Id = 'PodImageUnavailable' }
        @{ Fault = 'KilledShell'; Id = 'ShellMachineUnknown' }
        @{ Fault = 'MissingRight'; Id = 'KubernetesForbidden' }
    ) {
        $one = $faults::Find($Fault)
        foreach ($node in $lab.Cluster.Nodes) { $node.Faults.Set($one, [NullString]::Value) }
        try { (Invoke-Captured { Get-TalosEsp ampone }).Errors | Get-ErrorId | Should -Be $Id }
        finally { foreach ($node in $lab.Cluster.Nodes) { $node.Faults.Clear($one) } }
        (Get-TalosEsp ampone).BootedEntry | Should -Not -BeNullOrEmpty
    }

    # The last on this lab: it leaves the partition in disorder.
    It 'Duplicates, stale variables, foreign files, leftovers and want of space are named' {
        $node = $lab.Cluster.Node('ampone')
        $entry = Get-BootEntry $node
        $linux = Split-Path $entry
        Copy-Item $entry (Join-Path $linux 'Talos-v1.12.4~1.efi')
        [System.IO.File]::WriteAllBytes((Join-Path $linux Talos-v1.12.4.efi.new-0123456789ab), [byte[]] 1)
        [System.IO.File]::WriteAllBytes((Join-Path $node.EspDirectory EFI tool.bin), [byte[]] (1, 2))
        $null = New-LabUki (Join-Path $linux Talos-v1.11.0.efi) @{ Kind = 'Iso'; Version = 'v1.11.0' }
        $node.LoaderVariables['LoaderEntryDefault'] = 'Talos-v1.10.0.efi'
        $node.Faults.Set($faults::FullEsp, [NullString]::Value)
        $findings = (Get-TalosEsp ampone).Findings
        foreach ($code in 'DuplicateEntries', 'StaleVariable', 'ForeignFile', 'Leftover', 'LowSpace', 'InstallerUki') { $findings.Code | Should -Contain $code }
        $findings | Where-Object Evidence -Like "*'EFI/tool.bin' (2 bytes)*" | Should -Not -BeNullOrEmpty
        foreach ($finding in $findings) { $finding.Advice | Should -Not -BeNullOrEmpty }
    }
}

Describe 'Get-TalosEsp without pods' {
    It 'Auto takes the way of Talos where no pod can be had and says so' {
        $lab = Start-Lab -Options @{ TalosVersion = 'v1.13.2' }
        try {
            $lab.Kubernetes.EnforcePodSecurity('kube-system', 'baseline')
            $result = Invoke-Captured { Get-TalosEsp ampone }
            $result.Errors | Should -BeNullOrEmpty
            $result.Output.BootedEntry | Should -Be talos-v1.13.2.efi
            "$($result.Warnings)" | Should -BeLike '*PodSecurityRefused*'
            (Invoke-Captured { Get-TalosEsp ampone -Via Kubernetes }).Errors | Get-ErrorId | Should -Be PodSecurityRefused
        }
        finally { Stop-Lab $lab }
    }
}
