# What Get-Help shows, and every example of every page, typed into a session of its own that stands before the lab.
BeforeDiscovery {
    Import-Module "$PSScriptRoot/../Lab.psm1"
    $cmdlets = (Get-Module TalosTailscale).ExportedCmdlets.Keys | Sort-Object | ForEach-Object { @{ Name = $_ } }
    $topics = Get-ChildItem "$PSScriptRoot/../../docs/help/about_*.md" | ForEach-Object { @{ Topic = $_.BaseName } }
}

BeforeAll {
    Import-Module "$PSScriptRoot/../Lab.psm1"
    $root = (Resolve-Path "$PSScriptRoot/../..").Path
    # The pages, taken apart by the program that makes Get-Help's files of them.
    $build = Get-ChildItem "$root/src/TalosTailscale.Build/bin/*/net10.0/TalosTailscale.Build.dll" | Sort-Object LastWriteTime | Select-Object -Last 1
    $null = [System.Reflection.Assembly]::LoadFrom($build.FullName)
    $pages = [TalosTailscale.Build.Help.HelpFiles]::Pages("$root/docs/help")
}

Describe 'Get-Help' {
    It 'Get Help shows it right after import: <Name>' -ForEach $cmdlets {
        $help = Get-Help $Name -Full
        $help.Synopsis.Trim() | Should -Be $pages[$Name].Synopsis
        $common = [System.Management.Automation.PSCmdlet]::CommonParameters
        $help.parameters.parameter.name | Sort-Object | Should -Be ((Get-Command $Name).Parameters.Keys | Where-Object { $_ -notin $common } | Sort-Object)
        $help.examples.example.Count | Should -BeGreaterThan 1
    }

    It 'The topics are there: <Topic>' -ForEach $topics {
        Get-Help $Topic | Out-String | Should -BeLike "*$Topic*"
    }

    # There is no address of the project yet (ProjectUri in Directory.Build.props); PowerShell says so itself.
    It 'Get-Help -Online opens the page where the project has an address, and says so where it has none' {
        $address = ([xml] (Get-Content "$root/Directory.Build.props" -Raw)).Project.PropertyGroup.ProjectUri | Where-Object { $_ }
        $link = (Get-Help Get-TsNode -Full).relatedLinks.navigationLink.uri | Where-Object { $_ } | Select-Object -First 1
        if ($address) { $link | Should -Be "$($address.TrimEnd('/'))/blob/main/docs/help/Get-TsNode.md" }
        else {
            $link | Should -BeNullOrEmpty
            { Get-Help Get-TsNode -Online } | Should -Throw '*online version*'
        }
    }
}

Describe 'Examples' {
    BeforeEach {
        $lab = Start-Lab
        $env:TAILSCALE_AUTHKEY = $lab.AuthKey
        $here = (New-Item -ItemType Directory (Join-Path $lab.Folder here)).FullName
        Set-Content "$here/authkey" $lab.AuthKey -NoNewline
        $shell = [powershell]::Create([initialsessionstate]::CreateDefault2())
        function Invoke-Text([string] $Text) {
            $shell.Commands.Clear()
            $shell.Streams.ClearStreams()
            $null = $shell.AddScript($Text)
            try { $shell.Invoke() }
            catch { $shell.Streams.Error.Add($_.Exception.InnerException.ErrorRecord) }
        }
        Invoke-Text "Import-Module '$root/TalosTailscale.psd1'; Set-Location '$here'; `$ConfirmPreference = 'None'; `$ApiToken = ConvertTo-SecureString `$env:TAILSCALE_API_KEY -AsPlainText -Force"
    }

    AfterEach {
        $shell.Dispose()
        $env:TAILSCALE_AUTHKEY = $null
        Stop-Lab $lab
    }

    It 'The examples run: <Name>' -ForEach $cmdlets {
        foreach ($example in $pages[$Name].Examples) {
            Invoke-Text $example.Before | Out-Null
            $shell.Streams.Error | Should -BeNullOrEmpty -Because "before '$($example.Title)'"
            $output = @(Invoke-Text $example.Code)
            $failures = @($shell.Streams.Error)
            $mayFail = @(Invoke-Text '$MayFail; $MayFail = $false')[0]
            if (-not $mayFail) { $failures | Should -BeNullOrEmpty -Because "'$($example.Title)'" }
            # A wrong name or parameter is a mistake in the page even where the lab has nothing to work on.
            $failures | Where-Object { $_.Exception -is [System.Management.Automation.ParameterBindingException] -or $_.Exception -is [System.Management.Automation.CommandNotFoundException] } |
                Should -BeNullOrEmpty -Because "'$($example.Title)'"
            $last = [System.Management.Automation.Language.Parser]::ParseInput($example.Code, [ref] $null, [ref] $null).EndBlock.Statements
            if ($last.Count -ne 1 -or $last[0] -isnot [System.Management.Automation.Language.PipelineAst]) { continue }
            $command = $last[0].PipelineElements[-1]
            if ($command -isnot [System.Management.Automation.Language.CommandAst] -or $command.GetCommandName() -notin $pages.Keys) { continue }
            $declared = (Get-Command $command.GetCommandName()).OutputType.Name
            foreach ($object in $output) { $object.GetType().FullName | Should -BeIn $declared -Because "'$($example.Title)' says so" }
        }
    }
}
