# The acceptance suite itself: what it does to a cluster that it may not change, and which settings it refuses.
BeforeAll {
    Import-Module "$PSScriptRoot/../Lab.psm1"
    $suiteFolder = "$PSScriptRoot/../acceptance"
}

Describe 'The acceptance suite' {
    It 'has a file for every chapter of the runbook, and calls every scenario' {
        $files = Get-ChildItem "$suiteFolder/*.Tests.ps1"
        $files.BaseName | Should -Be @(
            '0-Inventory.Tests', '1-Render.Tests', '2-Patch.Tests', '3A-Swap.Tests', '3B-Upgrade.Tests', '4-Validation.Tests',
            '5-FailureModes.Tests', '6-PostChange.Tests'
        )
        $called = [regex]::Matches(($files | Get-Content -Raw), '(?m)^ +(Assert-\w+) \$suite').ForEach({ $_.Groups[1].Value })
        $scenarios = (Import-Module "$suiteFolder/Acceptance.psm1" -PassThru).ExportedFunctions.Keys -like 'Assert-*' -ne 'Assert-Check'
        $called | Sort-Object -Unique | Should -Be ($scenarios | Sort-Object)
    }

    It 'refuses settings that say something else: <Text>' -ForEach @(
        @{ Text = "@{ Nodse = @('ryzen') }"; Says = 'Nodse' }
        @{ Text = "@{ Allow = @('Everything') }"; Says = 'Everything' }
        @{ Text = '@{ Nodes = @(Get-Command) }'; Says = 'dynamic expression' }
        @{ Text = '@{ Nodes = '; Says = 'settings.psd1' }
    ) {
        Import-Module "$suiteFolder/Acceptance.psm1"
        Set-Content "$TestDrive/settings.psd1" $Text
        { New-AcceptanceSuite -Settings "$TestDrive/settings.psd1" } | Should -Throw "*$Says*"
    }

    Context 'without leave to change anything' {
        BeforeAll {
            $lab = Start-Lab
            $before = Get-LabState $lab
            Set-Content "$TestDrive/settings.psd1" "@{ AuthKeyReference = '$($lab.KeyReference)' }"
            $data = @{ Settings = "$TestDrive/settings.psd1" }
            $configuration = New-PesterConfiguration
            $configuration.Run.PassThru = $true
            $configuration.Output.Verbosity = 'None'
            $configuration.Run.Container = @(Get-ChildItem "$suiteFolder/*.Tests.ps1" | ForEach-Object { New-PesterContainer -Path $_.FullName -Data $data })
            $run = Invoke-Pester -Configuration $configuration
        }

        AfterAll { Stop-Lab $lab }

        It 'changes nothing' { Get-LabState $lab | Should -Be $before }

        It 'skips what changes something' {
            $run.Skipped.Count | Should -BeGreaterThan 20
            $run.Skipped.ExpandedName | Should -Contain 'altra comes back from a swap with the extension'
        }

        It 'fails what is not there yet' {
            foreach ($title in '* runs an image with the extension', '* runs ext-tailscale', '* passes every check') {
                @($run.Failed.ExpandedName -like $title).Count | Should -Be 3
            }
        }

        It 'passes what only looks' {
            foreach ($title in '* is the machine that*', '* can be rendered*', '* can be patched*', '*says an address*', '*same etcd members') {
                @($run.Failed.ExpandedName -like $title) | Should -BeNullOrEmpty
                @($run.Passed.ExpandedName -like $title) | Should -Not -BeNullOrEmpty
            }
        }
    }
}
