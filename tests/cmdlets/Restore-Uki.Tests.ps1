BeforeAll { Import-Module "$PSScriptRoot/../Lab.psm1" }

Describe 'Restore-Uki' {
    BeforeEach {
        $lab = Start-Lab
        Set-LabServiceConfig $lab
        $uki = New-LabUki "$TestDrive/Talos-v1.12.4.efi"
    }

    AfterEach { Stop-Lab $lab }

    It 'Restore goes back, and prune leaves the image that runs and the newest backup' {
        $swap = Invoke-UkiSwap ampone -Path $uki -Confirm:$false
        $linux = Split-Path (Get-BootEntry $lab.Cluster.Node('ampone'))
        $back = Restore-Uki ampone -Confirm:$false
        $back.OldSha256, $back.NewSha256 | Should -Be $swap.NewSha256, $swap.OldSha256
        (Get-FileHash (Join-Path $linux $swap.BootedEntry)).Hash | Should -Be $swap.OldSha256

        Copy-Item (Join-Path $linux $back.Backup) (Join-Path $linux "$($swap.BootedEntry).bak.20200101T000000Z")
        $null = Invoke-UkiSwap ampone -Prune -Confirm:$false
        # What runs is in the backup that the swap made, and stays until a restart.
        @(Get-ChildItem $linux).Count | Should -Be 3
        Wait-NoPod $lab
    }

    It 'Results of a swap restore each node from its own backup' {
        $swaps = 'altra', 'ampone' | ForEach-Object {
            Invoke-UkiSwap $_ -Path $uki -Confirm:$false
            # A backup is called after the second in which it was made.
            Start-Sleep -Milliseconds 1100
        }
        $back = $swaps | Restore-Uki -Confirm:$false
        $back.Node | Should -Be altra, ampone
        $back.Changed | Should -Be $true, $true
    }
}
