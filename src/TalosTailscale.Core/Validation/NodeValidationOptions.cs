namespace TalosTailscale.Core.Validation;

/// <summary>What a validation looks at and what it expects.</summary>
public sealed record NodeValidationOptions
{
    /// <summary>Names of the checks to make; empty for all but those that are made only when asked for.</summary>
    public IReadOnlyList<string> Checks { get; init; } = [];

    /// <summary>Names of checks to leave out.</summary>
    public IReadOnlyList<string> SkipChecks { get; init; } = [];

    /// <summary>How many nodes are looked at side by side.</summary>
    public int ThrottleLimit { get; init; } = 8;

    /// <summary>The private image that the node is to pull; null to skip that.</summary>
    public string? RegistryImage { get; init; }

    /// <summary>The Talos version that is expected; null for any.</summary>
    public Version? ExpectedVersion { get; init; }

    /// <summary>The schematic that is expected; null for any.</summary>
    public string? ExpectedSchematic { get; init; }

    /// <summary>Reads the tailnet's devices, once for all nodes; null when there is no way to them.</summary>
    public Func<CancellationToken, Task<IReadOnlyList<TailnetDevice>>>? ReadDevices { get; init; }

    /// <summary>Reads a node's EFI system partition; null when there is no way to it.</summary>
    public Func<TsNode, CancellationToken, Task<EspInfo>>? ReadEsp { get; init; }

    /// <summary>How long a service that is just starting may take until it is judged.</summary>
    public TimeSpan SettleTime { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The clock.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}
