BeforeAll {
    Import-Module "$PSScriptRoot/../Lab.psm1"
    function Write-Config([string] $Name, [string] $Text) { [System.IO.File]::WriteAllText("$TestDrive/$Name", $Text); "$TestDrive/$Name" }
}

# On files: no talosconfig, no node.
Describe 'Set-TalosMachinePatch offline' {
    It 'Patches come in every shape: <Patch>' -ForEach @(
        @{ Patch = { 'machine: {nodeLabels: {rack: b}}' } }
        @{ Patch = { '{machine: {nodeLabels: {rack: b}}}' } }
        @{ Patch = { @{ machine = @{ nodeLabels = @{ rack = 'b' } } } } }
        @{ Patch = { [pscustomobject] @{ machine = [pscustomobject] @{ nodeLabels = @{ rack = 'b' } } } } }
        @{ Patch = { $file } }
        @{ Patch = { "@$file" } }
        @{ Patch = { [System.IO.FileInfo] $file } }
        @{ Patch = { @{ op = 'replace'; path = '/machine/nodeLabels/rack'; value = 'b' } } }
    ) {
        $config = Write-Config node.yaml "version: v1alpha1`nmachine:`n  type: worker`n  nodeLabels:`n    rack: a # keep`n"
        $file = Write-Config patch.yaml "machine:`n  nodeLabels:`n    rack: b`n"
        $target = "$TestDrive/out.yaml"
        $result = Set-TalosMachinePatch -Path $config -Patch (& $Patch) -OutFile $target
        $result.Changed, $result.Applied, $result.Node | Should -Be $true, $true, 'node.yaml'
        Get-Content $target -Raw | Should -Be "version: v1alpha1`nmachine:`n  type: worker`n  nodeLabels:`n    rack: b # keep`n"
        if (-not $IsWindows) { [System.IO.File]::GetUnixFileMode($target) | Should -Be ([System.IO.UnixFileMode] 'UserRead, UserWrite') }
    }

    It 'Numbers booleans and lists keep their types' {
        $config = Write-Config node.yaml "machine:`n  type: worker`n"
        $interface = @{ interface = 'eth0'; mtu = 9000; dhcp = $true; addresses = @('10.0.0.1/8') }
        (Set-TalosMachinePatch -Path $config -OutFile $config -Patch @{ machine = @{ network = @{ interfaces = @($interface) } } }).Applied | Should -BeTrue
        $text = Get-Content $config -Raw
        foreach ($part in "mtu: 9000`n", "dhcp: true`n", "- 10.0.0.1/8`n") { $text | Should -BeLike "*$part*" }
    }

    It 'Without a target nothing is written and the difference is shown' {
        $config = Write-Config node.yaml "machine:`n  token: aaaaaa.bbbbbbbbbbbbbbbb`n  type: worker`n"
        $run = Invoke-Captured { param($config) Set-TalosMachinePatch -Path $config -Patch 'machine: {type: controlplane}' } $config
        $run.Errors | Should -BeNullOrEmpty
        $run.Output.Changed, $run.Output.Applied, $run.Output.OutFile | Should -Be $true, $false, $null
        $run.Output.Diff | Should -BeLike "*+  type: controlplane`n*"
        $run.Text | Should -Not -BeLike '*aaaaaa.bbbbbbbbbbbbbbbb*'
        Get-Content $config -Raw | Should -BeLike '*type: worker*'
    }

    It 'A bad patch is one clear error and changes nothing: <Id>' -ForEach @(
        @{ Patch = 'machine: [}'; Id = 'YamlInvalid' }
        @{ Patch = @{ machine = @{ nework = @{} } }; Id = 'PatchUnknownKey' }
        @{ Patch = './no-such-file.yaml'; Id = 'PathNotFound' }
        @{ Patch = [System.Threading.CancellationToken]::None; Id = 'PatchObjectInvalid' }
    ) {
        $config = Write-Config node.yaml "machine:`n  type: worker`n"
        $run = Invoke-Captured { param($config, $patch) Set-TalosMachinePatch -Path $config -Patch $patch -OutFile $config } $config, $Patch
        $run.Errors | Get-ErrorId | Should -Be $Id
        Get-Content $config -Raw | Should -Be "machine:`n  type: worker`n"
    }
}
