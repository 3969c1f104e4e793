namespace TalosTailscale.Core.Talos;

/// <summary>One context of a talosconfig: where to dial and with which certificate. Keeps its key to itself.</summary>
public sealed class TalosConfigContext
{
    internal TalosConfigContext(string name, string? source)
    {
        Name = name;
        Source = source;
    }

    /// <summary>The name of the context.</summary>
    public string Name { get; }

    /// <summary>The file that it is from; null when it was made in memory.</summary>
    public string? Source { get; }

    /// <summary>The endpoints as written, <c>target</c> of old files appended.</summary>
    public IReadOnlyList<string> Endpoints { get; internal init; } = [];

    /// <summary>The nodes that commands are for when none is named.</summary>
    public IReadOnlyList<string> Nodes { get; internal init; } = [];

    /// <summary>The cluster's name where calls go through a proxy for several clusters; null as a rule.</summary>
    public string? Cluster { get; internal init; }

    /// <summary>True if the context has a client certificate.</summary>
    public bool HasClientCertificate => Certificate is not null;

    internal string? Ca { get; init; }

    internal string? Certificate { get; init; }

    internal string? Key { get; init; }

    internal string? BasicAuthorization { get; init; }

    /// <summary>Calls have to be signed as Omni asks for, which this module cannot do.</summary>
    internal bool IsOmni { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Name;
}
