BeforeAll {
    Import-Module "$PSScriptRoot/../Lab.psm1"
    $start = 'boot: 2026/01/02 03:04:05 Starting tailscaled'
    $done = 'boot: 2026/01/02 03:04:09 Startup complete, waiting for shutdown signal'
}

Describe 'Get-TsDiagnosis' {
    It 'A word is no log' {
        $result = Invoke-Captured { 'ampone' | Get-TsDiagnosis }
        $result.Errors | Get-ErrorId | Should -Be NotALog
        $result.Output | Should -BeNullOrEmpty
    }

    It 'Piped text, files and log objects are read' {
        ($start, $done | Get-TsDiagnosis).State | Should -Be Healthy
        Set-Content "$TestDrive/a.log" $start, 'backend error: invalid key: API key does not exist'
        (Get-TsDiagnosis "$TestDrive/*.log").Cause | Should -Be AuthKeyRejected
        $lines = [TalosTailscale.TalosLogLine]::new('a', 'ext-tailscale', $start), [TalosTailscale.TalosLogLine]::new('b', 'ext-tailscale', 'To authenticate, visit:')
        $lines | Get-TsDiagnosis | ForEach-Object { "$($_.Node) $($_.Cause)" } | Should -Be 'a ', 'b LoginNeeded'
    }

    It 'Nodes from the pipeline are asked for their log' {
        $lab = Start-Lab
        try {
            $log = $lab.Cluster.Node('ampone').Logs['ext-tailscale']
            $log.Add($start)
            $log.Add('backend error: invalid key: API key does not exist')
            $read = Get-TsNode ampone | Get-TsDiagnosis
            $read.Node, $read.Cause | Should -Be ampone, AuthKeyRejected
            (Invoke-Captured { Get-TsNode altra | Get-TsDiagnosis -Context nosuch }).Errors | Get-ErrorId | Should -Not -BeNullOrEmpty
        }
        finally { Stop-Lab $lab }
    }
}
