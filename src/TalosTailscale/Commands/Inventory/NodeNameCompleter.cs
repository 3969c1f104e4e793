using System.Collections;
using System.Management.Automation;
using TalosTailscale.Core.Inventory;

namespace TalosTailscale.Commands;

/// <summary>Completes names of nodes from the inventory; nothing when there is none.</summary>
public sealed class NodeNameCompleter : WordCompleter
{
    private const string CurrentLocation = "$ExecutionContext.SessionState.Path.CurrentFileSystemLocation.ProviderPath";

    private protected override IEnumerable<(string Text, string ToolTip)> Candidates(IDictionary bound)
    {
        try
        {
            // Completers run on the pipeline thread of the caller's runspace.
            using var session = PowerShell.Create(RunspaceMode.CurrentRunspace);
            var location = session.AddScript(CurrentLocation, useLocalScope: true).Invoke<string>();
            var folder = DeviceInventory.Locate(bound["Inventory"] as string, location.FirstOrDefault());
            return folder is null
                ? []
                : DeviceInventory.Load(folder).Nodes.Select(node => (node.Name, $"{node.Address} {node.Architecture} {node.Activation}"));
        }
        catch (Exception e) when (e is TsException or RuntimeException)
        {
            return [];
        }
    }
}
