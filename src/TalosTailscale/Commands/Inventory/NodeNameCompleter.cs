using System.Collections;
using System.Management.Automation;
using TalosTailscale.Core.Inventory;

namespace TalosTailscale.Commands;

/// <summary>Completes names of nodes from the inventory; nothing when there is none.</summary>
public sealed class NodeNameCompleter : WordCompleter
{
    private protected override IEnumerable<CompletionCandidate> Candidates(IDictionary bound)
    {
        try
        {
            // Completers run on the pipeline thread of the caller's runspace. A script of one variable costs the engine the least.
            using var session = PowerShell.Create(RunspaceMode.CurrentRunspace);
            var engine = session.AddScript("$ExecutionContext", useLocalScope: true).Invoke<EngineIntrinsics>();
            var location = engine.FirstOrDefault()?.SessionState.Path.CurrentFileSystemLocation.ProviderPath;
            var folder = DeviceInventory.Locate(bound["Inventory"] as string, location);
            return folder is null
                ? []
                : DeviceInventory
                    .Load(folder)
                    .Nodes.Select(node => new CompletionCandidate(
                        node.Name,
                        $"{node.Address} {node.Architecture.ToString()} {node.Activation.ToString()}"
                    ));
        }
        catch (Exception e) when (e is TsException or RuntimeException)
        {
            return [];
        }
    }
}
