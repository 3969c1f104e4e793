using System.Net;

namespace TalosTailscale.Core.Inventory;

/// <summary>
/// The nodes under <c>devices/</c>: every folder with a node.yaml is one, and its name is the folder's. Other folders
/// (the load balancer's) are left alone.
/// </summary>
public sealed class DeviceInventory
{
    /// <summary>The name of the folder.</summary>
    public const string FolderName = "devices";

    /// <summary>The environment variable that names the folder.</summary>
    public const string EnvironmentVariable = "TALOSTAILSCALE_DEVICES";

    private DeviceInventory(string folder, IReadOnlyList<TsNode> nodes)
    {
        Folder = folder;
        Nodes = nodes;
    }

    /// <summary>The folder, absolute.</summary>
    public string Folder { get; }

    /// <summary>The nodes, by name.</summary>
    public IReadOnlyList<TsNode> Nodes { get; }

    /// <summary>Reads an inventory.</summary>
    /// <param name="folder">The devices folder.</param>
    /// <returns>The inventory; it is a snapshot.</returns>
    /// <exception cref="TsException">InventoryNotFound, NodeFileInvalid, NodeDuplicate, YamlMalformed.</exception>
    public static DeviceInventory Load(string folder)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(folder);
        var root = Path.GetFullPath(folder);
        if (!Directory.Exists(root))
            throw InventoryErrors.InventoryNotFound.New($"The devices folder '{root}' does not exist.", folder);
        try
        {
            var nodes = Directory
                .EnumerateDirectories(root)
                .Where(directory => File.Exists(Path.Combine(directory, NodeFile.FileName)))
                .Order(StringComparer.Ordinal)
                .Select(NodeFile.Read)
                .ToArray();
            RefuseDuplicates(nodes, "address", node => node.Address);
            RefuseDuplicates(nodes, "Kubernetes name", node => node.KubernetesName);
            return new DeviceInventory(root, nodes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw InventoryErrors.InventoryUnreadable.New($"'{root}' could not be listed: {e.Message}", folder, e);
        }
    }

    /// <summary>
    /// Where the inventory is: the folder given, else the one that <c>TALOSTAILSCALE_DEVICES</c> names, else the nearest
    /// <c>devices</c> folder at or above the current location.
    /// </summary>
    /// <param name="folder">What the user gave, absolute; null for none.</param>
    /// <param name="currentLocation">The user's current folder; null when that is not a folder.</param>
    /// <returns>The folder; null when there is none.</returns>
    public static string? Locate(string? folder, string? currentLocation) =>
        Locate(folder, Environment.GetEnvironmentVariable(EnvironmentVariable), currentLocation);

    internal static string? Locate(string? folder, string? fromEnvironment, string? currentLocation)
    {
        if (!string.IsNullOrWhiteSpace(folder))
            return folder;
        if (!string.IsNullOrWhiteSpace(fromEnvironment))
            return fromEnvironment;
        for (var at = currentLocation; !string.IsNullOrEmpty(at); at = Path.GetDirectoryName(at))
        {
            var candidate = Path.Combine(at, FolderName);
            if (Directory.Exists(candidate))
                return candidate;
        }

        return null;
    }

    /// <summary>Reads the inventory at the place that <see cref="Locate(string?, string?)"/> finds.</summary>
    /// <param name="folder">What the user gave, absolute; null for none.</param>
    /// <param name="currentLocation">The user's current folder.</param>
    /// <returns>The inventory.</returns>
    /// <exception cref="TsException">InventoryNotFound and those of <see cref="Load"/>.</exception>
    public static DeviceInventory LoadFrom(string? folder, string? currentLocation) =>
        Load(
            Locate(folder, currentLocation)
                ?? throw InventoryErrors.InventoryNotFound.New(
                    $"No 'devices' folder is at or above '{currentLocation}'.",
                    currentLocation
                )
        );

    /// <summary>A node by name, address or Kubernetes name.</summary>
    /// <param name="nameOrAddress">What the user typed.</param>
    /// <returns>The node.</returns>
    /// <exception cref="TsException">NodeNotFound, with the names there are.</exception>
    public TsNode Find(string nameOrAddress) => TryFind(nameOrAddress) ?? throw NotFound(nameOrAddress, this);

    /// <summary>A node by name, address or Kubernetes name, or null.</summary>
    /// <param name="nameOrAddress">What the user typed.</param>
    /// <returns>The node; null when there is none.</returns>
    public TsNode? TryFind(string nameOrAddress)
    {
        ArgumentNullException.ThrowIfNull(nameOrAddress);
        return Nodes.FirstOrDefault(node => Same(node.Name, nameOrAddress))
            ?? Nodes.FirstOrDefault(node => SameAddress(node.Address, nameOrAddress))
            ?? Nodes.FirstOrDefault(node => Same(node.KubernetesName, nameOrAddress));
    }

    /// <summary>
    /// What a <c>-Node</c> parameter means: the node that was piped, one of the inventory, or an IP address by itself.
    /// </summary>
    /// <param name="reference">The reference.</param>
    /// <param name="inventory">The inventory; null where there is none, then only addresses are understood.</param>
    /// <returns>The node.</returns>
    /// <exception cref="TsException">NodeNotFound.</exception>
    public static TsNode Resolve(TsNodeReference reference, DeviceInventory? inventory)
    {
        ArgumentNullException.ThrowIfNull(reference);
        if (reference.Node is { } node)
            return node;
        if (inventory?.TryFind(reference.Text) is { } found)
            return found;
        return IPAddress.TryParse(reference.Text, out _)
            ? new TsNode { Name = reference.Text, Address = reference.Text }
            : throw NotFound(reference.Text, inventory);
    }

    private static TsException NotFound(string text, DeviceInventory? inventory)
    {
        var known =
            inventory is null ? "there is no inventory, so an IP address was expected"
            : inventory.Nodes.Count == 0 ? $"'{inventory.Folder}' has no node"
            : $"'{inventory.Folder}' has {string.Join(", ", inventory.Nodes.Select(node => node.Name))}";
        return InventoryErrors.NodeNotFound.New($"The node '{text}' is not known: {known}.", text);
    }

    private static void RefuseDuplicates(TsNode[] nodes, string what, Func<TsNode, string?> key)
    {
        foreach (var group in nodes.GroupBy(key, StringComparer.OrdinalIgnoreCase))
            if (group.Key is not null && group.Count() > 1)
                throw InventoryErrors.NodeDuplicate.New(
                    $"The nodes {string.Join(" and ", group.Select(node => $"'{node.Name}'"))} have the same {what} '{group.Key}'.",
                    group.Last().Path
                );
    }

    private static bool Same(string? left, string right) =>
        string.Equals(left, right, StringComparison.OrdinalIgnoreCase);

    private static bool SameAddress(string left, string right) =>
        Same(left, right)
        || (IPAddress.TryParse(left, out var a) && IPAddress.TryParse(right, out var b) && a.Equals(b));
}
