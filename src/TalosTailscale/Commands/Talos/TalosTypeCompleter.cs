using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Commands;

/// <summary>Completes the resource types that this module knows; no node is asked.</summary>
public sealed class TalosTypeCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        string word = (wordToComplete ?? "").Trim('\'', '"');
        var pattern = new WildcardPattern(word + "*", WildcardOptions.IgnoreCase | WildcardOptions.CultureInvariant);
        return TalosTypeNames.Known.Where(type => pattern.IsMatch(type)).Select(type => new CompletionResult(type));
    }
}
