namespace TalosTailscale;

/// <summary>One document of a machine configuration: what it is and where it stands. Its content is not part of this.</summary>
public sealed record MachineConfigDocument
{
    /// <summary>The kind (<c>ExtensionServiceConfig</c>); <c>v1alpha1</c> for the main document, which has none.</summary>
    public required string Kind { get; init; }

    /// <summary>The name of the document; null where the kind has no names.</summary>
    public string? Name { get; init; }

    /// <summary>The API version, <c>v1alpha1</c> for all that Talos has today.</summary>
    public string ApiVersion { get; init; } = "v1alpha1";

    /// <summary>What a patch did to it.</summary>
    public MachineConfigChange Change { get; init; }

    /// <summary>First character of the document in the text it was read from.</summary>
    public int Start { get; init; }

    /// <summary>Length in characters, without marker lines.</summary>
    public int Length { get; init; }

    /// <summary>Kind and name, as Talos writes them (<c>ExtensionServiceConfig/tailscale</c>).</summary>
    /// <returns>The identity.</returns>
    public override string ToString() => Name is null ? Kind : $"{Kind}/{Name}";
}
