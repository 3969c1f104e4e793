BeforeAll {
    Import-Module "$PSScriptRoot/../Lab.psm1"
    $lab = Start-Lab
    $api = $lab.Tailnet.Api
    $token = ConvertTo-Secret $api.Token
}

AfterAll { Stop-Lab $lab }

Describe 'Remove-TailnetDevice' {
    It 'A device is removed by name and not under WhatIf' {
        $name = $lab.Tailnet.Devices[0].Name
        $before = $lab.Tailnet.Devices.Count
        Remove-TailnetDevice $name -ApiToken $token -WhatIf
        $lab.Tailnet.Devices.Count | Should -Be $before
        $gone = Get-TailnetDevice $name -ApiToken $token | Remove-TailnetDevice -ApiToken $token -Confirm:$false -Force -PassThru
        $gone.Addresses | Should -Not -BeNullOrEmpty
        $lab.Tailnet.Devices.Count | Should -Be ($before - 1)
        $api.Requests -like 'DELETE*' | Should -Not -BeNullOrEmpty
    }

    It 'What the API refuses is an error with a category: <Script>' -ForEach @(
        @{ Script = { Remove-TailnetDevice no-such-device -ApiToken $token -Confirm:$false }; Id = 'TailnetDeviceNotFound'; Category = 'ObjectNotFound' }
    ) {
        $before = $env:TAILSCALE_API_KEY
        try { $result = Invoke-Captured $Script }
        finally { $env:TAILSCALE_API_KEY = $before }
        $result.Errors | Get-ErrorId | Should -Be $Id
        $result.Errors[0].CategoryInfo.Category | Should -Be $Category
    }
}
