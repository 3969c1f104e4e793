namespace TalosTailscale;

/// <summary>A schematic of the Image Factory.</summary>
public sealed record TalosSchematic
{
    /// <summary>The id: SHA-256 of <see cref="Yaml"/>, 64 lower case hexadecimal digits.</summary>
    public required string Id { get; init; }

    /// <summary>The official extensions, in the order that the id depends on.</summary>
    public IReadOnlyList<string> Extensions
    {
        get;
        init => field = PlainList.Of(value);
    } = [];

    /// <summary>Kernel arguments added (<c>arg</c>) or taken away (<c>-arg</c>).</summary>
    public IReadOnlyList<string> ExtraKernelArgs
    {
        get;
        init => field = PlainList.Of(value);
    } = [];

    /// <summary>The canonical YAML, with its final line break.</summary>
    public required string Yaml { get; init; }

    /// <summary>The factory that knows the schematic; null when it was not posted.</summary>
    public Uri? FactoryUri { get; init; }

    /// <summary>Whether a factory has taken it, so that images of it can be had there.</summary>
    public bool IsRegistered => FactoryUri is not null;

    /// <inheritdoc/>
    public override string ToString() => Id;
}
