# What a person sees who is asked: in a process of its own, which reads the answers as a terminal does.
BeforeAll {
    Import-Module "$PSScriptRoot/../Lab.psm1"
    $manifest = (Resolve-Path "$PSScriptRoot/../../TalosTailscale.psd1").Path
    $lab = Start-Lab

    function Invoke-Answered([string] $Script, [string[]] $Answer) {
        Set-Content "$TestDrive/run.ps1" "`$PSStyle.OutputRendering = 'PlainText'; Import-Module '$manifest'; $Script"
        $Answer | & dotnet ([System.IO.Path]::Combine($PSHOME, 'pwsh.dll')) -NoLogo -NoProfile -File "$TestDrive/run.ps1" 2>&1 | Out-String -Width 200
    }
}

AfterAll { Stop-Lab $lab }

Describe 'Questions' {
    It 'A result is on the screen before the next question' {
        $text = Invoke-Answered 'Restart-TalosNode altra, ampone -Wait | Out-Default' y, y
        $text | Should -Match '(?s)Restart.*altra.*\[Y\].*\naltra\s+running\s+True.*Restart.*ampone.*\[Y\].*\nampone\s+running\s+True'
    }

    It 'It asks of its own accord' {
        $null = Set-TalosMachinePatch altra -Patch 'machine: {nodeLabels: {rack: b}}'
        $text = Invoke-Answered 'Restore-TalosMachineConfig altra | Out-Default' n
        $text | Should -Match '(?s)machine configuration.*\[Y\]'
        $lab.Cluster.Node('altra').ActiveConfig.Text | Should -BeLike '*rack: b*'
    }
}
