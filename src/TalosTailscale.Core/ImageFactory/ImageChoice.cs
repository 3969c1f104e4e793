using TalosTailscale.Core.Images;

namespace TalosTailscale.Core.ImageFactory;

/// <summary>Which image is meant, completely.</summary>
public sealed record ImageChoice
{
    /// <summary>UKI, ISO or installer.</summary>
    public required TalosImageKind Kind { get; init; }

    /// <summary>Talos version.</summary>
    public required VersionTag Version { get; init; }

    /// <summary>Architecture.</summary>
    public required TalosArchitecture Architecture { get; init; }

    /// <summary>With or without Secure Boot signatures.</summary>
    public bool SecureBoot { get; init; }

    /// <summary>Id of the schematic.</summary>
    public required SchematicId SchematicId { get; init; }

    /// <summary>The schematic itself; null when only its id is known.</summary>
    public Schematic? Schematic { get; init; }

    /// <summary>What the node's TPM keys are bound to (SecurityState.pcrSigningKeyFingerprint); null or empty for nothing.</summary>
    public string? PcrKeyFingerprint { get; init; }

    /// <summary>
    /// A file name that says everything, so that images of different schematics and versions lie side by side.
    /// </summary>
    public string FileName
    {
        get
        {
            var name = ImageFactoryUri.FileName(Kind, Architecture, SecureBoot);
            var dot = name.LastIndexOf('.');
            return $"talos-{Version}-{name[..dot]}-{SchematicId.Text[..8]}{name[dot..]}";
        }
    }

    /// <summary>Takes the schematic that a node runs and adds what it is to have.</summary>
    /// <param name="node">The node, for messages.</param>
    /// <param name="running">The extensions of its running image.</param>
    /// <returns>The schematic with the tailscale extension.</returns>
    /// <exception cref="TsException">
    /// ImageChoiceIncomplete where the running image has extensions of which no schematic tells.
    /// </exception>
    public static Schematic SchematicFor(string node, IReadOnlyList<TalosExtension> running)
    {
        ArgumentNullException.ThrowIfNull(running);
        var record = running.FirstOrDefault(e => e.Name == "schematic");
        if (record is { ExtraInfo.Length: > 0 })
        {
            var schematic = Schematic.Parse(record.ExtraInfo, $"schematic of {node}");
            if (schematic.Id == record.Version)
                return schematic.With(Schematic.TailscaleExtension);
        }

        var others = running
            .Where(e => e.Name is not ("schematic" or "tailscale" or "modules.dep"))
            .Select(e => e.Name)
            .ToList();
        return record is null && others.Count == 0
            ? Schematic.FromExtensions([Schematic.TailscaleExtension])
            : throw ImageFactoryErrors.ImageChoiceIncomplete.New(
                record is null
                    ? $"'{node}' runs the extensions {string.Join(", ", others)}, but its image does not say from which schematic it was built."
                    : $"'{node}' was built from the schematic '{record.Version}', but its image does not hold the text of it.",
                node,
                recommendedAction: "Give -Extension with every extension that the node needs, or -SchematicId."
            );
    }
}
