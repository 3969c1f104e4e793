namespace TalosTailscale.Core.Talos;

/// <summary>A container to be run by DebugService: privileged, with the host's devices, its root at <c>/host</c>.</summary>
public sealed record TalosDebugContainer
{
    /// <summary>The image; it must be on the node already.</summary>
    public required string Image { get; init; }

    /// <summary>Whose image store it is in.</summary>
    public TalosImageNamespace Images { get; init; } = TalosImageNamespace.System;

    /// <summary>The command and its arguments; passed as they are, no shell in between.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>Environment.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();
}
