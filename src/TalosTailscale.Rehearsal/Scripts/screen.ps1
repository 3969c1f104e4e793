# Shows what a script writes, and counts its checks. Objects of each type get a table of their own: Out-Default would
# show those of a second type as lists, since one command's output is one table.
begin {
    $type = $null
    $screen = $null
}
process {
    $RehearsalTally.Count($_)
    $name = $_.PSObject.TypeNames[0]
    if ($name -ne $type) {
        if ($screen) { $screen.End() }
        $screen = { Out-Default }.GetSteppablePipeline()
        $screen.Begin($true)
        $type = $name
    }
    $screen.Process($_)
}
end {
    if ($screen) { $screen.End() }
}
