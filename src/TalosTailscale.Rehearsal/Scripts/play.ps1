# Plays what stands on the stage of the rehearsal, and counts the checks and errors that it writes.
$stage = [TalosTailscale.Rehearsal.RehearsalStage]::Current
$Lab = $stage.Lab
$Fault = $stage.Fault
if ([Console]::IsOutputRedirected) { $PSStyle.OutputRendering = 'PlainText' }
Import-Module $stage.Manifest

filter Measure-Check {
    $stage.Tally.Count($_)
    $_
}

# Statement by statement, each shown and then run, as somebody types it.
function Get-Step([string] $Path) {
    $text = Get-Content -LiteralPath $Path -Raw
    $at = 0
    foreach ($statement in [System.Management.Automation.Language.Parser]::ParseInput($text, [ref] $null, [ref] $null).EndBlock.Statements) {
        [pscustomobject]@{
            Comment = $text.Substring($at, $statement.Extent.StartOffset - $at).Trim()
            Text    = $statement.Extent.Text
        }
        $at = $statement.Extent.EndOffset
    }
}

try {
    if ($stage.AsTyped) {
        foreach ($step in Get-Step $stage.File) {
            if ($step.Comment) { "`n$($PSStyle.Foreground.Green)$($step.Comment)$($PSStyle.Reset)" }
            "$($PSStyle.Bold)PS> $($step.Text)$($PSStyle.Reset)" | Out-Default
            . ([scriptblock]::Create($step.Text)) 2>&1 | Measure-Check | Out-Default
        }
    }
    elseif ($stage.File) { . $stage.File 2>&1 | Measure-Check }
    else { . ([scriptblock]::Create($stage.Command)) 2>&1 | Measure-Check }
}
catch {
    $stage.Tally.Count($_)
    $_ | Out-Default
}
$stage.Ended = $true
