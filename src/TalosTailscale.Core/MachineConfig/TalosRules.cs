using TalosTailscale.Core.MachineConfig.Merging;
using TalosTailscale.Core.MachineConfig.Schema;

namespace TalosTailscale.Core.MachineConfig;

/// <summary>
/// What differs between the versions of Talos when they merge and check a configuration. Found in the sources of the
/// tags, version by version; 1.12.4 is the oldest that is known.
/// </summary>
/// <param name="Talos">The version, or the least it can be; null where nothing tells it: then the strictest rule holds.</param>
/// <param name="IsKnown">The node itself told the version.</param>
internal sealed record TalosRules(Version? Talos, bool IsKnown)
{
    /// <summary>The rules for a configuration.</summary>
    /// <param name="talos">The node's Talos; null when not known.</param>
    /// <param name="tree">The configuration: a kind of document in it tells the least version.</param>
    public static TalosRules For(Version? talos, ConfigTree tree) =>
        new(
            talos is null
                ? tree.Documents.Select(item => TalosSchema.Instance.Since(item.Id.Kind)).Max()
                : new Version(talos.Major, talos.Minor, Math.Max(talos.Build, 0)),
            talos is not null
        );

    /// <summary>A document to delete that is not there is skipped.</summary>
    public bool SkipsAbsentDocuments => Since(new Version(1, 14, 0));

    /// <summary>A patch may have the same document twice; they are merged one after the other.</summary>
    public bool AllowsDocumentTwice => Since(new Version(1, 14, 0));

    /// <summary>
    /// <c>$patch: delete</c> reaches free-form data and the keys of embedded structs, and finds list entries by any value
    /// that prints as text.
    /// </summary>
    public bool DeletesEverywhere => Since(new Version(1, 12, 5));

    /// <summary>A date without quotes is not taken for text.</summary>
    public bool DatesAreNoText => Since(new Version(1, 13, 0));

    /// <summary>A HostnameConfig with <c>auto: off</c> needs no host name; offline the node is left to judge.</summary>
    public bool HostnameMayBeOff => !IsKnown || Since(new Version(1, 12, 9), new Version(1, 13, 3));

    /// <summary>A kind of document is known to the node; true where the node's version or the kind is not known.</summary>
    public bool Has(string kind) => !IsKnown || TalosSchema.Instance.Since(kind) is not { } since || Talos >= since;

    // A change reached several series at different patch versions.
    private bool Since(params ReadOnlySpan<Version> first)
    {
        if (Talos is null)
            return false;
        foreach (Version version in first)
        {
            if (version.Major == Talos.Major && version.Minor == Talos.Minor)
                return Talos.Build >= version.Build;
        }

        return Talos > first[^1];
    }
}
