namespace TalosTailscale;

/// <summary>What a swap is going to do; <c>Invoke-UkiSwap -WhatIf</c> emits it.</summary>
public sealed record UkiSwapPlan
{
    /// <summary>The node.</summary>
    public required string Node { get; init; }

    /// <summary>The device of the EFI system partition on the node.</summary>
    public required string EspDevice { get; init; }

    /// <summary>The file name, in <c>EFI/Linux</c>, of the entry that is booted now and gets the new content.</summary>
    public required string BootedEntry { get; init; }

    /// <summary>False when the booted entry has the content already and there is nothing to do.</summary>
    public bool Changes { get; init; }

    /// <summary>The new image.</summary>
    public required UkiInfo NewUki { get; init; }

    /// <summary>SHA-256 of what the booted entry holds now.</summary>
    public required string OldSha256 { get; init; }

    /// <summary>SHA-256 of the new image.</summary>
    public required string NewSha256 { get; init; }

    /// <summary>The name under which the new image is staged; not a boot entry.</summary>
    public required string StagedName { get; init; }

    /// <summary>The name that the old image gets.</summary>
    public required string Backup { get; init; }

    /// <summary>Duplicate entries that are taken out of the menu: name now, name then.</summary>
    public IReadOnlyDictionary<string, string> DisabledEntries { get; init; } = new Dictionary<string, string>();

    /// <summary>Older backups of this module, and leftovers of runs that did not end, that are removed.</summary>
    public IReadOnlyList<string> Removed
    {
        get;
        init => field = PlainList.Of(value);
    } = [];

    /// <summary>Free space on the partition, in bytes.</summary>
    public long Free { get; init; }

    /// <summary>Space that is needed, in bytes.</summary>
    public long Needed { get; init; }

    /// <summary>What boots next as things are, and why.</summary>
    public required BootPrediction NextBoot { get; init; }

    /// <summary>All gates.</summary>
    public IReadOnlyList<UkiSwapGateResult> Gates
    {
        get;
        init => field = PlainList.Of(value);
    } = [];

    /// <summary>True when no gate refuses, and each could be judged or was skipped.</summary>
    public bool Allowed => Gates.All(g => g.Status is not (UkiSwapGateStatus.Refused or UkiSwapGateStatus.Unknown));

    /// <inheritdoc/>
    public override string ToString() => $"{Node}: {BootedEntry}";
}
