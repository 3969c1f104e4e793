Describe 'Get-TsNode' {
    BeforeAll {
        Import-Module "$PSScriptRoot/../Lab.psm1"
    }

    It 'x' { 1 | Should -Be 1 }
}
