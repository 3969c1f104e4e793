# How every type that a cmdlet writes looks on a screen of 80 and of 120 columns. After a wanted change run the tests once
# with UPDATE_SNAPSHOTS=1 and look at the difference.
BeforeDiscovery {
    Import-Module "$PSScriptRoot/../Lab.psm1", "$PSScriptRoot/../Samples.psm1"
    $types = Get-OutputModel | ForEach-Object { @{ Name = $_.Name; Type = $_ } }
}

BeforeAll {
    Import-Module "$PSScriptRoot/../Lab.psm1", "$PSScriptRoot/../Samples.psm1"
    $module = (Resolve-Path "$PSScriptRoot/../../module").Path

    function Show-Sample($Sample, [int] $Width, [string] $Rendering = 'PlainText') {
        $before = $PSStyle.OutputRendering
        $PSStyle.OutputRendering = $Rendering
        # A terminal leaves its last column free.
        try { ($Sample | Out-String -Width ($Width - 1)).ReplaceLineEndings("`n") }
        finally { $PSStyle.OutputRendering = $before }
    }

    function Get-TrimmedText([string] $Text) { ($Text.Split("`n").TrimEnd() -join "`n").Trim("`n") }

    function Get-Header([string] $Text) {
        $lines = $Text.Split("`n")
        $rule = $lines.IndexOf("$(@($lines -match '^--') | Select-Object -First 1)")
        if ($rule -gt 0 -and $lines[$rule]) { $lines[$rule - 1].Split(' ', [StringSplitOptions]::RemoveEmptyEntries) }
    }
}

Describe 'Views' {
    It 'The view fits and looks as it did: <Name>' -ForEach $types {
        $sample = New-Sample $Type
        $text = foreach ($width in 80, 120) {
            $screen = Show-Sample $sample $width
            foreach ($line in $screen.Split("`n")) { $line.TrimEnd().Length | Should -BeLessOrEqual $width -Because $line }
            '-' * $width
            Get-TrimmedText $screen
        }
        $text = ($text -join "`n") + "`n"
        $snapshot = "$PSScriptRoot/views/$Name.txt"
        if ($env:UPDATE_SNAPSHOTS -eq '1') { [System.IO.File]::WriteAllText($snapshot, $text) }
        $snapshot | Should -Exist -Because 'UPDATE_SNAPSHOTS=1 makes it'
        $text | Should -BeExactly (Get-Content $snapshot -Raw).ReplaceLineEndings("`n")
    }

    It 'A narrow screen hides no column: <Name>' -ForEach $types {
        $sample = New-Sample $Type
        Get-Header (Show-Sample $sample 80) | Should -Be (Get-Header (Show-Sample $sample 120))
    }

    It 'It has a view of its own: <Name>' -ForEach $types {
        Get-Content "$module/*.Format.ps1xml" -Raw | Out-String | Should -BeLike "*<TypeName>$($Type.FullName)</TypeName>*"
    }

    # Where the first column has no width, the rows of the first 0.3 s set those of all that come later.
    It 'Steps that come later are not cut to the widths of the first' {
        $view = ([xml] (Get-Content "$module/Rollout.Format.ps1xml" -Raw)).SelectNodes('//View[Name="TsRolloutStep"]')
        $view.Count | Should -Be 1
        $columns = @($view[0].SelectNodes('.//TableColumnHeader'))
        foreach ($column in $columns[0..($columns.Count - 2)]) { $column.Width | Should -Not -BeNullOrEmpty }
    }
}

# Colour comes from $PSStyle alone, so that NO_COLOR, OutputRendering and a redirection take it away, and is never the only
# signal.
Describe 'Colours' {
    It 'Plain text has no escape codes and all the words: <Name>' -ForEach $types {
        $sample = New-Sample $Type
        $plain = Show-Sample $sample 120
        $plain.Contains([char] 27) | Should -BeFalse
        $coloured = [System.Management.Automation.Internal.StringDecorated]::new((Show-Sample $sample 120 Ansi))
        $coloured.ToString('PlainText').TrimEnd() | Should -Be $plain.TrimEnd()
    }

    It 'A status is coloured and said in words: <_>' -ForEach Pass, Warning, Fail, Skipped {
        $check = [TalosTailscale.TsCheck] @{ Node = 'ampone'; Name = 'Service'; Status = $_; Evidence = 'as it is' }
        (Show-Sample $check 80 Ansi).Contains("m$_$([char] 27)[0m") | Should -BeTrue
        (Show-Sample $check 80).Contains("$_ ") | Should -BeTrue
    }
}
