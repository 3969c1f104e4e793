using TalosTailscale.Core.MachineConfig;

namespace TalosTailscale.Core.Talos;

/// <summary>How a node's machine configuration is changed.</summary>
public sealed record MachineConfigOptions
{
    /// <summary>What happens to lists.</summary>
    public ListMerge ListMerge { get; init; } = ListMerge.Union;

    /// <summary>When it takes effect. Talos's own default would be a reboot; this one never reboots unasked.</summary>
    public TalosApplyMode Mode { get; init; } = TalosApplyMode.NoReboot;

    /// <summary>With <see cref="TalosApplyMode.Try"/>, how long it stays; null for the node's minute.</summary>
    public TimeSpan? TryTimeout { get; init; }

    /// <summary>Accept keys and kinds that this module does not know.</summary>
    public bool AllowUnknownKeys { get; init; }

    /// <summary>Refuse what would be a warning.</summary>
    public bool Strict { get; init; }

    /// <summary>Replace a staged or tried configuration, and send one that lacks documents of the active one.</summary>
    public bool Force { get; init; }

    /// <summary>The folder for backups; null for <see cref="MachineConfigBackup.DefaultFolder"/>.</summary>
    public string? BackupFolder { get; init; }

    /// <summary>Keep no backup: what was there before is then on the node's own disk alone, until it is overwritten.</summary>
    public bool NoBackup { get; init; }

    /// <summary>How long an extension service may take to follow; zero to not wait.</summary>
    public TimeSpan ServiceTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long the node may take to show the new configuration.</summary>
    public TimeSpan SettleTimeout { get; init; } = TimeSpan.FromSeconds(15);
}
