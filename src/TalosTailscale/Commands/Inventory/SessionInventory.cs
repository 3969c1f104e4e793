using System.Management.Automation;
using TalosTailscale.Core.Inventory;

namespace TalosTailscale.Commands;

/// <summary>Finds the inventory from where the session stands.</summary>
internal static class SessionInventory
{
    /// <summary>Reads it.</summary>
    /// <param name="session">The cmdlet's session state; called on the pipeline thread.</param>
    /// <param name="folder">What <c>-Inventory</c> gave, as typed; null for none.</param>
    public static DeviceInventory Load(SessionState session, string? folder) =>
        DeviceInventory.LoadFrom(
            folder is null ? null : FileSystemPaths.Unresolved(session, folder),
            session.Path.CurrentFileSystemLocation.ProviderPath
        );

    /// <summary>Reads it where there is one: a node can also be given by its address alone.</summary>
    /// <param name="session">The cmdlet's session state; called on the pipeline thread.</param>
    /// <param name="folder">What <c>-Inventory</c> gave, as typed; null for none.</param>
    public static DeviceInventory? LoadIfAny(SessionState session, string? folder)
    {
        var location = session.Path.CurrentFileSystemLocation.ProviderPath;
        var given = folder is null ? null : FileSystemPaths.Unresolved(session, folder);
        return DeviceInventory.Locate(given, location) is { } found ? DeviceInventory.Load(found) : null;
    }
}
