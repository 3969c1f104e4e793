using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using TalosTailscale.Core.Inventory;

namespace TalosTailscale.Commands;

/// <summary>Completes names of nodes from the inventory; nothing when there is none.</summary>
public sealed class NodeNameCompleter : IArgumentCompleter
{
    private const string CurrentLocation = "$ExecutionContext.SessionState.Path.CurrentFileSystemLocation.ProviderPath";

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        ArgumentNullException.ThrowIfNull(fakeBoundParameters);
        var word = (wordToComplete ?? "").Trim('\'', '"');
        var pattern = new WildcardPattern(word + "*", WildcardOptions.IgnoreCase | WildcardOptions.CultureInvariant);
        foreach (var node in Nodes(fakeBoundParameters["Inventory"] as string))
            if (pattern.IsMatch(node.Name))
                yield return new CompletionResult(
                    Quote(node.Name), node.Name, CompletionResultType.ParameterValue, $"{node.Address} {node.Architecture} {node.Activation}");
    }

    private static IReadOnlyList<TsNode> Nodes(string? inventory)
    {
        try
        {
            // Completers run on the pipeline thread of the caller's runspace.
            using var session = PowerShell.Create(RunspaceMode.CurrentRunspace);
            var location = session.AddScript(CurrentLocation, useLocalScope: true).Invoke<string>();
            var folder = DeviceInventory.Locate(inventory, location.FirstOrDefault());
            return folder is null ? [] : DeviceInventory.Load(folder).Nodes;
        }
        catch (Exception e) when (e is TsException or RuntimeException)
        {
            // Tab never shows an error; the command itself will.
            return [];
        }
    }

    private static string Quote(string name) =>
        name.All(c => char.IsLetterOrDigit(c) || c is '-' or '_' or '.')
            ? name
            : $"'{CodeGeneration.EscapeSingleQuotedStringContent(name)}'";
}
