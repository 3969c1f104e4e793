using System.Management.Automation;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Commands;

/// <summary>Closes the connections to Talos endpoints when the module is removed.</summary>
public sealed class TalosModuleCleanup : IModuleAssemblyCleanup
{
    /// <inheritdoc/>
    public void OnRemove(PSModuleInfo psModuleInfo) => TalosConnections.Shared.Dispose();
}
