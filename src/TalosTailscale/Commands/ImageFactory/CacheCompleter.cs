using System.Collections;
using TalosTailscale.Core.ImageFactory;

namespace TalosTailscale.Commands;

/// <summary>Completes from what the Image Factory has answered before; never asks the network.</summary>
public abstract class CacheCompleter : WordCompleter
{
    private protected sealed override IEnumerable<(string Text, string ToolTip)> Candidates(IDictionary bound) => Offers(FactoryCache.Load());

    private protected abstract IEnumerable<(string Text, string ToolTip)> Offers(FactoryCache cache);
}

/// <summary>Completes names of official extensions.</summary>
public sealed class ExtensionNameCompleter : CacheCompleter
{
    private protected override IEnumerable<(string Text, string ToolTip)> Offers(FactoryCache cache) =>
        cache.Extensions.Union([Schematic.TailscaleExtension]).Select(e => (e, "official extension"));
}

/// <summary>Completes ids of schematics.</summary>
public sealed class SchematicIdCompleter : CacheCompleter
{
    private protected override IEnumerable<(string Text, string ToolTip)> Offers(FactoryCache cache) =>
        cache.Schematics.Select(s => (s.Id, s.Extensions.Count > 0 ? string.Join(", ", s.Extensions) : "no extensions"));
}

/// <summary>Completes Talos versions.</summary>
public sealed class TalosVersionCompleter : CacheCompleter
{
    private protected override IEnumerable<(string Text, string ToolTip)> Offers(FactoryCache cache) =>
        cache.Versions.Select(v => (v, "Talos " + v));
}
