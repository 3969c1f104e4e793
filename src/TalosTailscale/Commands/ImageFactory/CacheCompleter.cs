using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using TalosTailscale.Core.ImageFactory;

namespace TalosTailscale.Commands;

/// <summary>Completes from what the Image Factory has answered before; never asks the network.</summary>
public abstract class CacheCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        var word = (wordToComplete ?? "").Trim('\'', '"');
        var pattern = new WildcardPattern(WildcardPattern.Escape(word) + "*", WildcardOptions.IgnoreCase | WildcardOptions.CultureInvariant);
        return Offers(FactoryCache.Load())
            .Where(o => pattern.IsMatch(o.Text))
            .Select(o => new CompletionResult(o.Text, o.Text, CompletionResultType.ParameterValue, o.ToolTip))
            .ToList();
    }

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
