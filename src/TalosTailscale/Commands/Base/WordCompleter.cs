using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using TalosTailscale.Core.Reporting;

namespace TalosTailscale.Commands;

/// <summary>
/// Base of the completers: matches what was typed, in whatever quotes, against what there is, and puts quotes round what
/// needs them. Tab never shows an error and never asks the network.
/// </summary>
public abstract class WordCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName,
        string parameterName,
        string wordToComplete,
        CommandAst commandAst,
        IDictionary fakeBoundParameters
    )
    {
        ArgumentNullException.ThrowIfNull(fakeBoundParameters);
        var word = wordToComplete ?? "";
        var quote = word.Length > 0 && word[0] is '\'' or '"' ? word[0] : '\'';
        var typed = word.Trim('\'', '"');
        var asked = word.Length > 0 && word[0] == quote;
        var pattern = new WildcardPattern(
            (typed.Contains('*', StringComparison.Ordinal) ? typed : WildcardPattern.Escape(typed)) + "*",
            WildcardOptions.IgnoreCase | WildcardOptions.CultureInvariant
        );
        return
        [
            .. Candidates(fakeBoundParameters)
                .Where(candidate => pattern.IsMatch(candidate.Text) && PrintableText.IsClean(candidate.Text))
                .Select(candidate => new CompletionResult(
                    Quoted(candidate.Text, quote, asked),
                    candidate.Text,
                    CompletionResultType.ParameterValue,
                    ShownText.Of(candidate.ToolTip)
                )),
        ];
    }

    /// <summary>What there is, with a tool tip each; nothing where it cannot be known.</summary>
    /// <param name="bound">The parameters that were given already.</param>
    private protected abstract IEnumerable<CompletionCandidate> Candidates(IDictionary bound);

    /// <summary>One thing there is. A class, since the runtime has code for lists of classes and compiles that of others first.</summary>
    private protected sealed record CompletionCandidate(string Text, string ToolTip);

    private static string Quoted(string text, char quote, bool asked)
    {
        var plain =
            text.Length > 0
            && text.All(c => char.IsLetterOrDigit(c) || c is '-' or '_' or '.' or '/' or ':' or '~')
            && text[0] != '-';
        if (plain && !asked)
            return text;
        return quote == '"'
            ? '"'
                + text.Replace("`", "``", StringComparison.Ordinal)
                    .Replace("$", "`$", StringComparison.Ordinal)
                    .Replace("\"", "`\"", StringComparison.Ordinal)
                + '"'
            : $"'{CodeGeneration.EscapeSingleQuotedStringContent(text)}'";
    }
}
