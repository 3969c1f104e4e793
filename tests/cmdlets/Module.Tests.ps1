# The module as a whole: what it exports, and paths and text that every cmdlet takes alike.
BeforeAll {
    Import-Module "$PSScriptRoot/../Lab.psm1"
    $root = (Resolve-Path "$PSScriptRoot/../..").Path
}

Describe 'The module' {
    It 'Every exported cmdlet is there and every cmdlet is exported' {
        $exported = (Get-Module TalosTailscale).ExportedCmdlets.Keys | Sort-Object
        $exported | Should -Not -BeNullOrEmpty
        (Test-ModuleManifest "$root/TalosTailscale.psd1").ExportedCmdlets.Keys | Sort-Object | Should -Be $exported
    }

    It 'The manifest has the version of the assemblies' {
        $assembly = [System.Reflection.AssemblyName]::GetAssemblyName("$root/module/bin/TalosTailscale.dll").Version
        (Get-Module TalosTailscale).Version | Should -Be ([version]::new($assembly.Major, $assembly.Minor, $assembly.Build))
    }

    It 'A second import exports the same cmdlets' {
        $shell = [powershell]::Create()
        try {
            $null = $shell.AddScript({
                    param($manifest)
                    Import-Module $manifest; (Get-Module TalosTailscale).ExportedCmdlets.Keys -join ','
                    Import-Module $manifest -Force; (Get-Module TalosTailscale).ExportedCmdlets.Keys -join ','
                    Remove-Module TalosTailscale; Import-Module $manifest; (Get-Module TalosTailscale).ExportedCmdlets.Keys -join ','
                }).AddArgument("$root/TalosTailscale.psd1")
            $names = $shell.Invoke()
            $shell.Streams.Error | Should -BeNullOrEmpty
            $names.Count | Should -Be 3
            $names[0] | Should -Not -BeNullOrEmpty
            $names | Select-Object -Unique | Should -Be $names[0]
        }
        finally { $shell.Dispose() }
    }
}

Describe 'Connections' {
    It 'A removed module holds no connection' {
        $lab = Start-Lab
        $shell = [powershell]::Create()
        try {
            $run = { param($text) $shell.Commands.Clear(); $shell.AddScript($text).Invoke() }
            (& $run "Import-Module '$root/TalosTailscale.psd1'; Get-TalosService ryzen apid").Id | Should -Be apid
            $lab.Talos.OpenConnections | Should -Be 1
            & $run 'Remove-Module TalosTailscale'
            Wait-Until { $lab.Talos.OpenConnections -eq 0 }
            (& $run "Import-Module '$root/TalosTailscale.psd1'; Get-TalosService ryzen apid").Id | Should -Be apid
        }
        finally {
            $shell.Dispose()
            Stop-Lab $lab
        }
    }
}

Describe 'Paths' {
    It 'A path that leads nowhere is an error that names it: <Script>' -ForEach @(
        @{ Script = { Get-Uki nodrive:/x.efi }; Id = 'PathNotFound' }
        @{ Script = { Get-Uki noprovider::x.efi }; Id = 'PathNotFound' }
        @{ Script = { Get-Uki -LiteralPath noprovider::x.efi }; Id = 'PathNotFound' }
        @{ Script = { Get-Uki 'a[' }; Id = 'PathNotFound' }
        @{ Script = { Get-Uki Env:PATH }; Id = 'PathNotFileSystem' }
        @{ Script = { Get-Uki -LiteralPath Env:PATH }; Id = 'PathNotFileSystem' }
        @{ Script = { Export-Uki nodrive:/x.iso }; Id = 'PathNotFound' }
        @{ Script = { Set-TalosMachinePatch -Path noprovider::c.yaml -Patch 'a: b' }; Id = 'PathNotFound' }
    ) { (Invoke-Captured $Script).Errors | Get-ErrorId | Should -Be $Id }

    It 'A path of Windows is one that is not there: <_>' -Skip:$IsWindows -ForEach 'C:\x.efi', '\\server\share\x.efi' {
        (Invoke-Captured { param($path) Get-Uki $path } $_).Errors | Get-ErrorId | Should -Be PathNotFound
    }

    It 'A file is found by drive by provider and by wildcard: <_>' -ForEach @(
        'lab:/patch.yaml', 'lab:\patch.yaml', 'lab:/pat*.yaml', '@lab:/patch.yaml', 'Microsoft.PowerShell.Core\FileSystem::{0}/patch.yaml'
    ) {
        Set-Content "$TestDrive/patch.yaml" "machine:`n  type: worker"
        Set-Content "$TestDrive/config.yaml" "version: v1alpha1`nmachine:`n  type: controlplane"
        $null = New-PSDrive -Name lab -PSProvider FileSystem -Root "$TestDrive"
        $result = Invoke-Captured { param($config, $patch) Set-TalosMachinePatch -Path $config -Patch $patch } "$TestDrive/config.yaml", ($_ -f $TestDrive)
        $result.Errors | Should -BeNullOrEmpty
        $result.Text + (Get-Content "$TestDrive/config.yaml" -Raw) | Should -BeLike '*type: worker*'
        Remove-PSDrive lab
    }
}
