# The module in the hands of scripts: mocked, wrapped, run elsewhere, and its objects written away and read back.
# The inputs named by a repository and a number are what people reported of other modules; the facts are theirs, the
# texts are ours.
BeforeDiscovery {
    Import-Module "$PSScriptRoot/../Lab.psm1"
    $cmdlets = (Get-Module TalosTailscale).ExportedCmdlets.Values | Sort-Object Name | ForEach-Object { @{ Name = $_.Name } }
    Import-Module "$PSScriptRoot/../Samples.psm1"
    $types = Get-OutputModel | ForEach-Object { @{ Name = $_.Name; Type = $_ } }
}

BeforeAll {
    Import-Module "$PSScriptRoot/../Lab.psm1", "$PSScriptRoot/../Samples.psm1"
    $manifest = (Get-Module TalosTailscale).Path -replace 'module.TalosTailscale.psm1$', 'TalosTailscale.psd1'
    $lab = Start-Lab
    $checks = @(Test-TsNode -Node ampone -Check Api, Version, Service, Resolver)
    $pwsh = [System.IO.Path]::Combine($PSHOME, 'pwsh.dll')

    # Parameters with which the default set of a command can be called, each of its own type.
    function Get-SampleArgument([System.Management.Automation.CommandInfo] $Command) {
        $arguments = @{}
        $set = $Command.ParameterSets | Where-Object { $_.IsDefault -or $Command.ParameterSets.Count -eq 1 } | Select-Object -First 1
        foreach ($parameter in ($set ?? $Command.ParameterSets[0]).Parameters | Where-Object IsMandatory) {
            $type = $parameter.ParameterType
            # A text that every validation takes, a secret or a switch; of all other types an object.
            $arguments[$parameter.Name] = switch ($type) {
                { $_.Name -like 'TsNodeReference*' -or $_ -in [string], [string[]], [object], [object[]], [psobject], [psobject[]] } { 'tag:a'; break }
                ([switch]) { $true; break }
                default { New-Sample $type }
            }
        }
        $arguments
    }
}

AfterAll { Stop-Lab $lab }

Describe 'Mocks and proxy functions' {
    # pester/Pester#1496, #1367, #2240: a binary cmdlet whose parameter has a type that scripts cannot name breaks its mock.
    It '<Name> can be mocked' -ForEach $cmdlets {
        $arguments = Get-SampleArgument (Get-Command $Name -CommandType Cmdlet)
        Mock $Name { 'mocked' }
        & $Name @arguments -WarningAction SilentlyContinue | Should -Be 'mocked'
        Should -Invoke $Name -Times 1 -Exactly
    }

    It '<Name> names no type that a script cannot' -ForEach $cmdlets {
        foreach ($parameter in (Get-Command $Name -CommandType Cmdlet).Parameters.Values) {
            $type = $parameter.ParameterType
            if ($type.Assembly.GetName().Name -like 'TalosTailscale*') { $type.FullName -as [type] | Should -Be $type -Because "-$($parameter.Name) is of it" }
        }
    }

    It '<Name> can be wrapped by a proxy function' -ForEach $cmdlets {
        $command = Get-Command $Name -CommandType Cmdlet
        $proxy = [System.Management.Automation.ProxyCommand]::Create([System.Management.Automation.CommandMetadata]::new($command))
        Set-Item function:Invoke-Proxy $proxy
        (Get-Command Invoke-Proxy).Parameters.Keys | Sort-Object | Should -Be ($command.Parameters.Keys | Sort-Object)
    }

    It 'A proxy does what the cmdlet does, in a pipeline too' {
        $proxy = [System.Management.Automation.ProxyCommand]::Create([System.Management.Automation.CommandMetadata]::new((Get-Command Get-TalosService -CommandType Cmdlet)))
        Set-Item function:Get-ProxiedService $proxy
        (Get-TsNode ryzen, altra | Get-ProxiedService -Id apid).Node | Sort-Object | Should -Be altra, ryzen
        ([System.Management.Automation.PSSerializer]::Serialize((Get-TsNode ryzen)) | ForEach-Object { [System.Management.Automation.PSSerializer]::Deserialize($_) } |
            Get-ProxiedService -Id apid).Node | Should -Be ryzen
    }

    It 'A mock is chosen by the value of an enum parameter' {
        Mock Set-TalosMachinePatch { 'union' }
        Mock Set-TalosMachinePatch { 'append' } -ParameterFilter { $ListMerge -eq 'Append' }
        Set-TalosMachinePatch ryzen -Patch 'debug: true' -ListMerge Append | Should -Be append
        Set-TalosMachinePatch ryzen -Patch 'debug: true' -ListMerge Union | Should -Be union
    }

    # pester/Pester#1128: a filter could not use the other name of a parameter.
    It 'A mock is chosen by an alias of a parameter' {
        $aliased = (Get-Command Get-TsNode -CommandType Cmdlet).Parameters.Values | Where-Object Aliases | Where-Object Name -NotIn ([System.Management.Automation.PSCmdlet]::CommonParameters) |
            Select-Object -First 1
        $aliased | Should -Not -BeNullOrEmpty
        Mock Get-TalosService { 'any' }
        Mock Get-TalosService { 'one' } -ParameterFilter { $Service -contains 'apid' }
        Get-TalosService ryzen -Id apid | Should -Be one
        Get-TalosService ryzen -Id kubelet | Should -Be any
    }

    It 'A mock gives an object of the module, made from a hashtable' {
        Mock Get-TsNode { [TalosTailscale.TsNode] @{ Name = 'ryzen'; Address = '10.0.0.1'; Architecture = 'Arm64' } }
        (Get-TsNode).Architecture | Should -Be Arm64
        [TalosTailscale.ListMerge]::Append, [TalosTailscale.ReportFormat]::JUnit | Should -Be Append, JUnit
    }
}

Describe 'Nodes that went elsewhere and came back' {
    BeforeDiscovery {
        # PowerShell/PowerShell#9982, MichaelGrafnetter/DSInternals#96: what was exported binds no more. Enums become numbers in JSON, lists their type's name in CSV, methods are gone.
        $ways = @(
            @{ Way = 'Clixml'; Go = { param($o) $o | Export-Clixml "$TestDrive/o.xml"; Import-Clixml "$TestDrive/o.xml" } }
            @{ Way = 'JSON'; Go = { param($o) $o | ConvertTo-Json -Depth 4 | ConvertFrom-Json } }
            @{ Way = 'JSON with names of enums'; Go = { param($o) $o | ConvertTo-Json -Depth 4 -EnumsAsStrings | ConvertFrom-Json } }
            @{ Way = 'CSV'; Go = { param($o) $o | Export-Csv "$TestDrive/o.csv"; Import-Csv "$TestDrive/o.csv" } }
            @{ Way = 'CSV with its type'; Go = { param($o) $o | Export-Csv "$TestDrive/o.csv" -IncludeTypeInformation; Import-Csv "$TestDrive/o.csv" } }
            @{ Way = 'the stream of a job'; Go = { param($o) $o | ForEach-Object { [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize($_)) } } }
            @{ Way = 'Select-Object'; Go = { param($o) $o | Select-Object * } }
        )
    }

    It 'A node from <Way> binds to -Node' -ForEach $ways {
        (& $Go (Get-TsNode ryzen, altra) | Get-TalosService -Id apid).Node | Sort-Object | Should -Be altra, ryzen
        (& $Go (Get-TsNode ryzen) | Get-TsNode).Name | Should -Be ryzen
    }

    It 'A node from <Way> brings its patches' -ForEach $ways {
        $plan = & $Go (Get-TsNode ryzen) | Set-TalosMachinePatch -WhatIf
        $plan.Node | Should -Be ryzen
        $plan.Changed | Should -BeTrue
    }

    It 'Checks from <Way> are reported again' -ForEach $ways {
        $copies = & $Go $checks
        $page = $copies | Export-TsReport "$TestDrive/r.html" -PassThru -ErrorVariable failures -ErrorAction SilentlyContinue
        $failures | Should -BeNullOrEmpty
        $checks | Export-TsReport "$TestDrive/r.json"
        $copies | Export-TsReport "$TestDrive/copy.json"
        $expected, $got = "$TestDrive/r.json", "$TestDrive/copy.json" | ForEach-Object { , (Get-Content $_ -Raw | ConvertFrom-Json).checks }
        $got.status | Should -Be $expected.status
        $got.evidence | Should -Be $expected.evidence
        $page | Should -Exist
    }

    It 'Checks from <Way> lead back to their node, not to one of the name of the check' -ForEach $ways {
        (& $Go $checks | Get-TsNode | Select-Object -Unique).Name | Should -Be ampone
    }

    It 'Checks from Clixml look as they did' {
        $checks | Export-Clixml "$TestDrive/o.xml"
        Import-Clixml "$TestDrive/o.xml" | Out-String -Width 120 | Should -Be ($checks | Out-String -Width 120)
    }

    It 'An object with <Text> is a node' -ForEach @(
        @{ Text = 'a Name'; Object = [pscustomobject] @{ Name = 'ryzen' } }
        @{ Text = 'a Node'; Object = [pscustomobject] @{ Node = 'ryzen' } }
        @{ Text = 'a Name and more'; Object = [pscustomobject] @{ Name = 'ryzen'; Rack = 7 } }
    ) { ($Object | Get-TalosService -Id apid).Node | Should -Be ryzen }

    It 'An object without either is refused' {
        $failures = Invoke-Captured { [pscustomobject] @{ Hostname = 'ryzen' } | Get-TalosService -Id apid }
        $failures.Output | Should -BeNullOrEmpty
        $failures.Errors.Count | Should -Be 1
    }

    # A process object of Import-Clixml has a Name too, and means something else.
    It 'A copy of something else is no node' {
        $other = [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize((Get-Item $PSHOME)))
        (Invoke-Captured { $other | Get-TalosService -Id apid }).Output | Should -BeNullOrEmpty
    }

    It 'Start-Job gives nodes that bind' {
        try { $job = Start-Job { Import-Module $using:manifest; Get-TsNode ryzen } -ErrorAction Stop }
        catch { Set-ItResult -Skipped -Because "this PowerShell starts no jobs: $_"; return }
        $job | Wait-Job | Out-Null
        ($job | Receive-Job | Get-TalosService -Id apid).Node | Should -Be ryzen
        $job | Remove-Job
    }
}

Describe 'Objects through the export cmdlets' {
    It '<Name> goes through CSV, JSON, Clixml, grouping, sorting and a list' -ForEach $types {
        $sample = New-Sample $Type
        $result = Invoke-Captured {
            param($sample)
            $sample | ConvertTo-Csv | Out-Null
            # A plan holds steps that hold lists: about_TalosTailscale names this depth.
            $sample | ConvertTo-Json -Depth 6 | ConvertFrom-Json | Out-Null
            $sample | Export-Clixml "$TestDrive/sample.xml"
            Import-Clixml "$TestDrive/sample.xml" | Out-Null
            $sample, $sample | Group-Object { "$_" } | Out-Null
            $sample, $sample | Sort-Object { "$_" } | Out-Null
            $sample | Format-List * | Out-String | Out-Null
            $sample | Select-Object * | Out-Null
        } $sample
        $result.Errors | Should -BeNullOrEmpty
        $result.Warnings | Should -BeNullOrEmpty
    }

    It 'Flat types need no depth: <_>' -ForEach TsNode, TsCheck, TalosService, TalosExtension, TailnetDevice, TalosEtcdMember {
        $warnings = $null
        New-Sample "TalosTailscale.$_" | ConvertTo-Json -WarningVariable warnings -WarningAction SilentlyContinue | Should -Not -BeNullOrEmpty
        $warnings | Should -BeNullOrEmpty
    }

    It 'A title shows the name, not the type: <_>' -ForEach @([TalosTailscale.TsNode] @{ Name = 'ryzen'; Address = '10.0.0.1' }) {
        "$_" | Should -Be ryzen
    }
}

# Azure/azure-powershell#4319, MilestoneSystemsInc/PowerShellSamples#17, pnp/PnP-PowerShell#1341: cmdlets that take the end
# of their pipeline for an error of their own write it, or leave the variable empty.
Describe 'A later command that has enough' {
    It 'has what it wanted, and nothing is an error: <Script>' -ForEach @(
        @{ Script = { Get-TsNode | Select-Object -First 1 } }
        @{ Script = { Get-TsNode | Get-TalosService | Select-Object -First 1 } }
        @{ Script = { Get-TsNode | Get-TalosExtension | Select-Object -First 1 } }
        @{ Script = { Get-TsNode | Get-TalosEtcdMember | Select-Object -First 1 } }
        @{ Script = { Get-TsNode | Get-TalosMachineConfig | Select-Object -First 1 } }
        @{ Script = { Get-TsNode | Get-TalosResource -Type services | Select-Object -First 1 } }
        @{ Script = { Get-TsNode | Test-TsNode | Select-Object -First 1 } }
        @{ Script = { Get-TsNode | Get-TalosLog -Id machined | Select-Object -First 1 } }
        @{ Script = { Get-TsNode -Discover | Select-Object -First 1 } }
    ) {
        $Error.Clear()
        $result = Invoke-Captured { $first = & $Script; $first }
        $result.Errors | Should -BeNullOrEmpty
        $result.Output.Count | Should -Be 1
        $Error | Should -BeNullOrEmpty
    }

    # PowerShell/PowerShell#9185: the end of the pipeline lands in -ErrorVariable.
    It 'leaves -ErrorVariable empty' {
        Get-TsNode | Get-TalosService -ErrorVariable problems | Select-Object -First 1 | Should -Not -BeNullOrEmpty
        $problems | Should -BeNullOrEmpty
    }

    # PowerShell/PowerShell#7930: what a command holds is not given back when a later one has enough.
    It 'leaves no pod' {
        (Get-TalosEsp ampone, altra | Select-Object -First 1).BootedEntry | Should -Not -BeNullOrEmpty
        Wait-Until { $lab.Kubernetes.Pods.Count -eq 0 }
    }
}

# Azure/autorest.powershell#846, microsoftgraph/msgraph-sdk-powershell#896: a script that wants to end at an error goes on,
# because the preference of the caller does not reach the cmdlet.
Describe 'Preferences of a script' {
    It '$ErrorActionPreference ends it at the first error' {
        $went = [System.Collections.Generic.List[string]]::new()
        $run = { $ErrorActionPreference = 'Stop'; Get-TalosService nosuch, ryzen -Id apid; $went.Add('on') }
        $run | Should -Throw -ErrorId 'NodeNotFound,*'
        $went | Should -BeNullOrEmpty
    }

    It '$WhatIfPreference is that of the script' {
        $before = $lab.Cluster.Node('ryzen').BootId
        & { $WhatIfPreference = $true; Restart-TalosNode ryzen } | Should -BeNullOrEmpty
        $lab.Cluster.Node('ryzen').BootId | Should -Be $before
    }

    It '$VerbosePreference is that of the script' {
        & { $VerbosePreference = 'Continue'; Get-TalosService ryzen -Id apid } 4>&1 | Where-Object { $_ -is [System.Management.Automation.VerboseRecord] } | Should -Not -BeNullOrEmpty
    }
}

Describe 'Files and folders' {
    BeforeAll {
        $image = New-TalosSchematic -Extension siderolabs/tailscale | Save-TalosImage -Node ampone -Kind Uki -Destination $TestDrive
        $null = New-PSDrive -Name images -PSProvider FileSystem -Root $TestDrive -Scope Script
    }

    AfterAll { Remove-PSDrive images }

    It 'An object with a Path is a file: <_>' -ForEach Get-Uki, Export-Uki {
        $input = [pscustomobject] @{ Path = $image.Path }
        $result = if ($_ -eq 'Get-Uki') { $input | Get-Uki -NoHash } else { $input | Export-Uki -Destination "$TestDrive/copy.efi" }
        $result.Path | Should -Not -BeNullOrEmpty
    }

    It 'Get-ChildItem, an image and a UKI are files as well' {
        (Get-ChildItem $image.Path | Get-Uki -NoHash).Path | Should -Be $image.Path
        ($image | Get-Uki -NoHash).Path | Should -Be $image.Path
        (Get-Uki $image.Path -NoHash | Get-Uki -NoHash).Path | Should -Be $image.Path
    }

    # Paths of drives that are not those of the file system below.
    It 'A path on a drive is found; one above its root is an error that names it' {
        (Get-Uki "images:/$($image.Name)" -NoHash).Version | Should -Be $image.Version
        (Get-Uki "images:/sub/../$($image.Name)" -NoHash -ErrorAction SilentlyContinue).Path | Should -BeIn $image.Path, $null
        foreach ($path in 'images:/../nothing.efi', 'images:/../../../nothing.efi', 'images:../nothing.efi') {
            (Invoke-Captured { param($path) Get-Uki $path } $path).Errors | Get-ErrorId | Should -Be PathNotFound
        }
    }
}

Describe 'Other runspaces and processes' {
    BeforeAll {
        # The module imported by path; what an error does to the exit code is PowerShell's own rule.
        function Invoke-Pwsh([string[]] $Arguments) {
            $text = '' | & dotnet $pwsh -NoLogo -NoProfile -NonInteractive @Arguments 2>&1
            [pscustomobject] @{ ExitCode = $LASTEXITCODE; Text = $text -join "`n" }
        }
    }

    It 'ForEach-Object -Parallel works with the module imported by path' {
        $names = 'ryzen', 'altra', 'ampone' | ForEach-Object -Parallel {
            Import-Module $using:manifest
            (Get-TalosService $_ -Id apid).Node
        }
        $names | Sort-Object | Should -Be altra, ampone, ryzen
    }

    It 'A thread job gives the objects themselves' {
        $job = Start-ThreadJob { Import-Module $using:manifest; Get-TsNode ryzen }
        ($job | Receive-Job -Wait -AutoRemoveJob) -is [TalosTailscale.TsNode] | Should -BeTrue
    }

    It '$? is false after an error and true after none' {
        Get-TsNode ryzen | Out-Null
        $? | Should -BeTrue
        $state = & { Get-TsNode nobody -ErrorAction SilentlyContinue; $? }
        $state | Should -BeFalse
    }

    # What -Command and -File make of an error.
    It 'pwsh <Arguments> ends with <ExitCode>' -ForEach @(
        @{ Arguments = @('-Command', 'Import-Module MANIFEST; Get-TsNode ryzen'); ExitCode = 0 }
        @{ Arguments = @('-Command', 'Import-Module MANIFEST; Get-TsNode nobody'); ExitCode = 1 }
        @{ Arguments = @('-Command', 'Import-Module MANIFEST; exit [int](-not (Test-TsNode ampone -Check Service -Quiet))'); ExitCode = 1 }
        @{ Arguments = @('-File', "Import-Module MANIFEST; `$ErrorActionPreference = 'Stop'; Get-TsNode nobody"); ExitCode = 1 }
        @{ Arguments = @('-File', 'Import-Module MANIFEST; Get-TsNode nobody; Get-TsNode ryzen'); ExitCode = 0 }
    ) {
        $text = $Arguments[1].Replace('MANIFEST', "'$manifest'")
        if ($Arguments[0] -eq '-File') { Set-Content "$TestDrive/run.ps1" $text; $text = "$TestDrive/run.ps1" }
        $run = Invoke-Pwsh $Arguments[0], $text
        $run.ExitCode | Should -Be $ExitCode -Because $run.Text
    }
}
