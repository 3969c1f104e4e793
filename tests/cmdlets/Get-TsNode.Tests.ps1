BeforeAll {
    Import-Module "$PSScriptRoot/../Lab.psm1"
    $devices = (Resolve-Path "$PSScriptRoot/../../devices").Path
}

Describe 'Get-TsNode' {
    It 'Nodes are found by name, wildcard and address: <Script>' -ForEach @(
        @{ Script = { Get-TsNode -Inventory $devices }; Names = 'altra', 'ampone', 'ryzen' }
        @{ Script = { Get-TsNode a* -Inventory $devices }; Names = 'altra', 'ampone' }
        @{ Script = { Get-TsNode ryzen, AMPONE -Inventory $devices }; Names = 'ryzen', 'ampone' }
        @{ Script = { Get-TsNode 192.168.1.85 -Inventory $devices }; Names = 'altra' }
        @{ Script = { Get-TsNode -Name altra -Inventory $devices }; Names = 'altra' }
        @{ Script = { 'ryzen', 'alt*' | Get-TsNode -Inventory $devices }; Names = 'ryzen', 'altra' }
        @{ Script = { Get-TsNode nuc* -Inventory $devices }; Names = @() }
    ) {
        $nodes = @(& $Script)
        @($nodes | ForEach-Object Name) | Should -Be $Names
        $nodes | ForEach-Object { $_ -is [TalosTailscale.TsNode] | Should -BeTrue }
    }

    It 'The inventory is found from a folder below' {
        $before = $env:TALOSTAILSCALE_DEVICES
        $env:TALOSTAILSCALE_DEVICES = $null
        Push-Location "$devices/ampone/manifests"
        try { (Get-TsNode).Count | Should -Be 3 }
        finally { Pop-Location; $env:TALOSTAILSCALE_DEVICES = $before }
    }

    It 'One unknown name is one error and the others go on' {
        $result = Invoke-Captured { Get-TsNode ryzen, nobody, altra -Inventory $devices }
        $result.Output.Name | Should -Be ryzen, altra
        $result.Errors | Get-ErrorId | Should -Be NodeNotFound
        $result.Errors[0].CategoryInfo.Category | Should -Be ObjectNotFound
        $result.Errors[0].TargetObject | Should -Be nobody
    }

    It 'No inventory ends the pipeline' {
        $result = Invoke-Captured { 'a', 'b' | Get-TsNode -Inventory /no/such/folder }
        $result.Errors | Get-ErrorId | Should -Be InventoryNotFound
    }

    It 'Names are completed' {
        Push-Location $devices
        try { (Complete-Line 'Get-TsNode a§').CompletionText | Should -Be altra, ampone }
        finally { Pop-Location }
    }
}

Describe 'Get-TsNode -Discover' {
    BeforeAll { $lab = Start-Lab }

    AfterAll { Stop-Lab $lab }

    It 'One unknown name is one error and the others are proposed' {
        $result = Invoke-Captured { Get-TsNode -Discover nobody, ryzen }
        $result.Errors | Get-ErrorId | Should -Be NodeNotFound
        $result.Output.Name | Should -Be ryzen
    }

    It 'It asks where it is told to' {
        (Invoke-Captured { Get-TsNode -Discover -Endpoint 127.0.0.1:1 }).Errors | Get-ErrorId | Should -Not -BeNullOrEmpty
        (Invoke-Captured { Get-TsNode -Discover -Context nosuch }).Errors | Get-ErrorId | Should -Not -BeNullOrEmpty
        @(Get-TsNode -Discover -ThrottleLimit 1).Count | Should -Be 3
    }
}
