# What Tab offers, as the engine completes a line; the section sign stands for the cursor. Nothing here has a node or a
# factory to ask.
BeforeAll {
    Import-Module "$PSScriptRoot/../Lab.psm1"
    $nodes = @(
        @{ Name = 'ryzen'; Address = '192.168.1.194'; Architecture = 'amd64' }
        @{ Name = 'ampone'; Address = '192.168.1.203'; Architecture = 'arm64' }
        @{ Name = "am's board"; Address = '192.168.1.85'; Architecture = 'arm64' }
        @{ Name = 'größe'; Address = '192.168.1.86'; Architecture = 'arm64' }
    )
    $folder = "$TestDrive"
    foreach ($node in $nodes) {
        $null = New-Item -ItemType Directory "$folder/devices/$($node.Name)"
        Set-Content "$folder/devices/$($node.Name)/node.yaml" "address: $($node.Address)`narchitecture: $($node.Architecture)"
    }
    Set-Content "$folder/talosconfig" @'
context: home
contexts:
    home:
        endpoints: [192.168.1.194]
    home lab:
        endpoints: [192.168.2.1, 192.168.2.2]
    $cash:
        endpoints: []
'@
    Set-Content "$folder/kubeconfig" @'
apiVersion: v1
kind: Config
clusters: [{name: one, cluster: {server: "https://192.168.1.200:6443"}}]
contexts:
- {name: admin@lab, context: {cluster: one, user: admin}}
- {name: admin@prod, context: {cluster: gone, user: admin}}
'@
    Set-Content "$folder/broken" ('[' * 200000)
    # Before the word that is completed: behind it, an open quote would swallow it.
    function Complete-With([string] $Line, [string] $Parameter) {
        @(Complete-Line ($Line.Insert($Line.IndexOf(' '), " $Parameter") + '§') | ForEach-Object CompletionText)
    }
}

Describe 'Completion' {
    It 'Nodes come from the inventory: <Line>' -ForEach @(
        @{ Line = 'Get-TsNode ry'; Offers = 'ryzen' }
        @{ Line = 'Get-TsNode RY'; Offers = 'ryzen' }
        @{ Line = 'Get-TsNode am'; Offers = "'am''s board'", 'ampone' }
        @{ Line = "Get-TsNode 'am"; Offers = "'am''s board'", "'ampone'" }
        @{ Line = 'Get-TsNode "am'; Offers = '"am''s board"', '"ampone"' }
        @{ Line = 'Get-TsNode gr'; Offers = 'größe' }
        @{ Line = 'Get-TsNode *pone'; Offers = 'ampone' }
        @{ Line = 'Get-TsNode zz'; Offers = @() }
        @{ Line = 'Test-TsNode -Node am'; Offers = "'am''s board'", 'ampone' }
        @{ Line = 'Invoke-UkiSwap -Node ry'; Offers = 'ryzen' }
        @{ Line = 'New-TsExtensionServiceConfig -Node ry'; Offers = 'ryzen' }
    ) { Complete-With $Line "-Inventory '$folder/devices'" | Should -Be $Offers }

    It 'Contexts come from the talosconfig: <Line>' -ForEach @(
        @{ Line = 'Get-TalosService -Context ho'; Offers = 'home', "'home lab'" }
        @{ Line = 'Get-TalosService -Context ''$'; Offers = '''$cash''' }
        @{ Line = 'Get-TalosService -Context "$'; Offers = '"`$cash"' }
    ) { Complete-With $Line "-TalosConfig '$folder/talosconfig'" | Should -Be $Offers }

    It 'Contexts of Kubernetes come from the kubeconfig: <Line>, <File>' -ForEach @(
        @{ Line = 'Get-TalosEsp -KubeContext admin@l'; File = 'kubeconfig'; Offers = "'admin@lab'" }
        @{ Line = 'Invoke-UkiSwap -KubeContext ADMIN'; File = 'kubeconfig'; Offers = "'admin@lab'", "'admin@prod'" }
        @{ Line = 'Restore-Uki -KubeContext x'; File = 'kubeconfig'; Offers = @() }
        @{ Line = 'Install-TsNode -KubeContext admin@p'; File = 'kubeconfig'; Offers = "'admin@prod'" }
        @{ Line = 'Undo-TsNode -KubeContext admin@p'; File = 'kubeconfig'; Offers = "'admin@prod'" }
        @{ Line = 'Test-TsNode -KubeContext admin@p'; File = 'kubeconfig'; Offers = "'admin@prod'" }
        @{ Line = 'Test-TsCluster -KubeContext admin@p'; File = 'kubeconfig'; Offers = "'admin@prod'" }
        @{ Line = 'Update-TalosNodeAddress -KubeContext admin@p'; File = 'kubeconfig'; Offers = "'admin@prod'" }
        @{ Line = 'Test-TsCluster -KubeContext a'; File = 'broken'; Offers = @() }
        @{ Line = 'Test-TsCluster -KubeContext a'; File = 'missing'; Offers = @() }
    ) { Complete-With $Line "-KubeConfig '$folder/$File'" | Should -Be $Offers }

    It 'What is known beforehand is offered: <Line>' -ForEach @(
        @{ Line = 'Test-TsNode -Check Efi§'; Offer = 'Efivars' }
        @{ Line = 'Test-TsNode -Check Api, BootE§'; Offer = 'BootEntries' }
        @{ Line = 'Test-TsNode -SkipCheck Priv§'; Offer = 'PrivatePull' }
        @{ Line = 'Invoke-UkiSwap -SkipGate Quo§'; Offer = 'Quorum' }
        @{ Line = 'Set-TalosMachinePatch -Mode St§'; Offer = 'Staged' }
        @{ Line = 'Set-TalosMachinePatch -ListMerge App§'; Offer = 'Append' }
        @{ Line = 'Restart-TalosNode -Mode Pow§'; Offer = 'PowerCycle' }
        @{ Line = 'Save-TalosImage -Kind Inst§'; Offer = 'Installer' }
        @{ Line = 'Save-TalosImage -Architecture Arm§'; Offer = 'Arm64' }
        @{ Line = 'Save-TalosContainerImage -ImageNamespace Sys§'; Offer = 'System' }
        @{ Line = 'Get-TalosResource -Type machinest§'; Offer = 'MachineStatuses.runtime.talos.dev' }
        @{ Line = 'Get-TalosService -Id ext§'; Offer = 'ext-tailscale' }
        @{ Line = 'Get-TalosLog -Id kubel§'; Offer = 'kubelet' }
        @{ Line = 'Restart-TalosService -Id kub§'; Offer = 'kubelet' }
        @{ Line = 'New-TalosSchematic -Extension siderolabs/tails§'; Offer = 'siderolabs/tailscale' }
    ) { (Complete-Line $Line).CompletionText | Should -Contain $Offer }

    It 'Schematics that were made here are offered' {
        $id = (New-TalosSchematic -Extension siderolabs/tailscale, siderolabs/iscsi-tools -Offline).Id
        $offer = @(Complete-Line "Save-TalosImage -SchematicId $($id.Substring(0, 10))§")
        $offer.CompletionText | Should -Be $id
        $offer.ToolTip | Should -BeLike '*siderolabs/iscsi-tools*'
        (Complete-Line 'New-TalosSchematic -Extension siderolabs/isc§').CompletionText | Should -Contain siderolabs/iscsi-tools
    }

    It 'A tool tip says where the node is' {
        (Complete-Line "Get-TsNode ry§ -Inventory '$folder/devices'").ToolTip | Should -BeLike '*192.168.1.194*'
    }

    It 'Where there is nothing Tab says nothing' {
        Complete-Line "Get-TsNode a§ -Inventory '$folder/nowhere'" | Should -BeNullOrEmpty
        Complete-Line "Get-TalosService -Context a§ -TalosConfig '$folder/nothing'" | Should -BeNullOrEmpty
        Set-Content "$folder/bad" '{{{'
        Complete-Line "Get-TalosService -Context a§ -TalosConfig '$folder/bad'" | Should -BeNullOrEmpty
    }
}
