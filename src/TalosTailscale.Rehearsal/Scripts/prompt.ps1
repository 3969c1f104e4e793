# What a prompt on the lab begins with.
$Lab = [TalosTailscale.Rehearsal.RehearsalStage]::Current.Lab
Import-Module ([TalosTailscale.Rehearsal.RehearsalStage]::Current.Manifest)
function prompt { "lab $($PWD.Path)> " }
'The cmdlets reach the lab, which is $Lab here. Get-TsNode lists its nodes; exit ends it.'
