using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Commands;

/// <summary>Completes names of contexts from the talosconfig; nothing when there is none.</summary>
public sealed class TalosContextCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        ArgumentNullException.ThrowIfNull(fakeBoundParameters);
        string word = (wordToComplete ?? "").Trim('\'', '"');
        var pattern = new WildcardPattern(word + "*", WildcardOptions.IgnoreCase | WildcardOptions.CultureInvariant);
        return Contexts(fakeBoundParameters["TalosConfig"] as string)
            .Where(context => pattern.IsMatch(context.Name))
            .Select(context => new CompletionResult(
                context.Name.Any(char.IsWhiteSpace) ? $"'{context.Name}'" : context.Name, context.Name,
                CompletionResultType.ParameterValue,
                context.Endpoints.Count == 0 ? context.Name : string.Join(", ", context.Endpoints)));
    }

    private static IEnumerable<TalosConfigContext> Contexts(string? path)
    {
        try
        {
            return TalosConfigFile.Load(path).Contexts.Values;
        }
        catch (TsException)
        {
            // Tab never shows an error; the command itself will.
            return [];
        }
    }
}
