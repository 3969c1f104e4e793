using System.Collections;
using TalosTailscale.Core.ImageFactory;

namespace TalosTailscale.Commands;

/// <summary>Completes from what the Image Factory has answered before; never asks the network.</summary>
public abstract class CacheCompleter : WordCompleter
{
    private protected sealed override IEnumerable<CompletionCandidate> Candidates(IDictionary bound) =>
        Offers(FactoryCache.Load());

    private protected abstract IEnumerable<CompletionCandidate> Offers(FactoryCache cache);
}

/// <summary>Completes names of official extensions.</summary>
public sealed class ExtensionNameCompleter : CacheCompleter
{
    private protected override IEnumerable<CompletionCandidate> Offers(FactoryCache cache) =>
        cache
            .Extensions.Union([Schematic.TailscaleExtension])
            .Select(e => new CompletionCandidate(e, "official extension"));
}

/// <summary>Completes ids of schematics.</summary>
public sealed class SchematicIdCompleter : CacheCompleter
{
    private protected override IEnumerable<CompletionCandidate> Offers(FactoryCache cache) =>
        cache.Schematics.Select(s => new CompletionCandidate(
            s.Id,
            s.Extensions.Count > 0 ? string.Join(", ", s.Extensions) : "no extensions"
        ));
}

/// <summary>Completes Talos versions.</summary>
public sealed class TalosVersionCompleter : CacheCompleter
{
    private protected override IEnumerable<CompletionCandidate> Offers(FactoryCache cache) =>
        cache.Versions.Select(v => new CompletionCandidate(v, "Talos " + v));
}
