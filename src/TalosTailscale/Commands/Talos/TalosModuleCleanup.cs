using System.Management.Automation;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Commands;

/// <summary>
/// Gives back the connections to Talos endpoints when the module is removed; what another runspace is doing goes on.
/// </summary>
public sealed class TalosModuleCleanup : IModuleAssemblyCleanup
{
    /// <inheritdoc/>
    public void OnRemove(PSModuleInfo psModuleInfo) => TalosConnections.Shared.Release();
}
