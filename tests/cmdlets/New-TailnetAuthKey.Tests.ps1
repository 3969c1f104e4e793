BeforeAll {
    Import-Module "$PSScriptRoot/../Lab.psm1"
    $lab = Start-Lab
    $api = $lab.Tailnet.Api
    $token = ConvertTo-Secret $api.Token
}

AfterAll { Stop-Lab $lab }

Describe 'New-TailnetAuthKey' {
    It 'A key is made and rendered without being shown' {
        $tag = @($lab.Tailnet.PermittedTags)[0]
        $result = Invoke-Captured {
            param($tag, $token)
            New-TailnetAuthKey $tag -ApiToken $token -Verbose
            New-TsExtensionServiceConfig ampone tailscale: -Tag $tag -ApiToken $token -PassThru -Verbose
        } $tag, $token
        $result.Errors | Should -BeNullOrEmpty
        $result.Output.ForEach({ $_.GetType().Name }) | Should -Be TailnetAuthKey, TsExtensionServiceConfig
        $made = $lab.Tailnet.Keys | Where-Object Description -EQ 'Talos node ampone'
        $made.Reusable | Should -BeFalse
        Get-Content $result.Output[1].Path -Raw | Should -BeLike "*$($made.Secret)*"
        foreach ($secret in $lab.Tailnet.Keys.Secret | Where-Object { $_ }) { $result.Text | Should -Not -BeLike "*$secret*" }
        $before = $lab.Tailnet.Keys.Count
        New-TsExtensionServiceConfig altra tailscale: -Tag $tag -ApiToken $token -WhatIf
        $lab.Tailnet.Keys.Count | Should -Be $before
    }

    It 'A key of the tailnet is made as asked for' {
        $key = New-TailnetAuthKey tag:k8s -Reusable -Ephemeral -NeedsApproval -Life 2:00:00 -Description nodes -Tailnet example.org -ApiToken $token
        $key.Reusable, $key.Ephemeral, $key.Preauthorized | Should -Be $true, $true, $false
        ($key.Expires - $key.Created).TotalHours | Should -BeGreaterThan 1.9
        ($key.Expires - $key.Created).TotalHours | Should -BeLessThan 2.1
        $api.Requests -like '*/tailnet/example.org/keys*' | Should -Not -BeNullOrEmpty
    }

    It 'What the API refuses is an error with a category: <Script>' -ForEach @(
        @{ Script = { $env:TAILSCALE_API_KEY = $null; New-TailnetAuthKey tag:a }; Id = 'TailnetCredentialMissing'; Category = 'AuthenticationError' }
        @{ Script = { New-TailnetAuthKey tag:nobody-permits-this -ApiToken $token }; Id = 'TailnetRequestFailed'; Category = 'ProtocolError' }
    ) {
        $before = $env:TAILSCALE_API_KEY
        try { $result = Invoke-Captured $Script }
        finally { $env:TAILSCALE_API_KEY = $before }
        $result.Errors | Get-ErrorId | Should -Be $Id
        $result.Errors[0].CategoryInfo.Category | Should -Be $Category
    }
}
