using TalosTailscale.Core.Boot.Swap;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Core.Boot.Esp;

/// <summary>Finds the EFI system partition that a node boots from.</summary>
/// <remarks>
/// The loader says which partition it came from (<c>LoaderDevicePartUUID</c>, systemd.io/BOOT_LOADER_INTERFACE; what Talos
/// 1.15 waits for). Where it does not, the partition label decides, as Talos itself does when it installs
/// (siderolabs/talos, internal/app/machined/pkg/runtime/v1alpha1/bootloader/sdboot).
/// </remarks>
public static class EspLocator
{
    private const string EspType = "c12a7328-f81f-11d2-ba4b-00a0c93ec93b";

    /// <summary>Asks the node.</summary>
    /// <param name="node">The node.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>The partition's device (<c>/dev/nvme0n1p1</c>).</returns>
    /// <exception cref="TsException"><c>EspNotFound</c>, <c>EspAmbiguous</c>, <c>EspIsGrub</c>.</exception>
    public static async Task<string> FindAsync(TalosNodeClient node, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(node);
        Fact<LoaderState> variables = await Fact.AskAsync("The loader variables", () =>
                LoaderVariables.ReadAsync(node, cancellationToken)
            )
            .ConfigureAwait(false);
        return await FindAsync(node, variables, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Asks the node, whose loader variables are known.</summary>
    /// <param name="node">The node.</param>
    /// <param name="variables">The loader's variables, where they are known.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>The partition's device (<c>/dev/nvme0n1p1</c>).</returns>
    /// <exception cref="TsException"><c>EspNotFound</c>, <c>EspAmbiguous</c>, <c>EspIsGrub</c>.</exception>
    public static async Task<string> FindAsync(
        TalosNodeClient node,
        Fact<LoaderState> variables,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(node);
        TalosSystemDisk? disk = await node.SystemDiskAsync(cancellationToken).ConfigureAwait(false);
        IReadOnlyList<TalosDiscoveredVolume> volumes = await node.DiscoveredVolumesAsync(cancellationToken)
            .ConfigureAwait(false);
        string? uuid = variables.TryGet(out LoaderState? state) ? state.DevicePartUuid : null;
        return Find(node.Node, disk?.DiskId, volumes, uuid).DevicePath;
    }

    /// <summary>Chooses among what was discovered.</summary>
    /// <param name="node">The node's name, for messages.</param>
    /// <param name="diskId">The system disk; null when Talos is not installed.</param>
    /// <param name="volumes">Disks and partitions.</param>
    /// <param name="partUuid">The unique GUID of the partition that the loader came from; null where nothing tells it.</param>
    /// <returns>The partition.</returns>
    /// <exception cref="TsException"><c>EspNotFound</c>, <c>EspAmbiguous</c>, <c>EspIsGrub</c>.</exception>
    public static TalosDiscoveredVolume Find(
        string node,
        string? diskId,
        IReadOnlyList<TalosDiscoveredVolume> volumes,
        string? partUuid
    )
    {
        ArgumentNullException.ThrowIfNull(volumes);
        if (string.IsNullOrEmpty(diskId))
            throw BootErrors.EspNotFound.New($"'{node}' has no system disk: Talos is not installed on it.", node);
        return string.IsNullOrEmpty(partUuid) ? ByLabel(node, diskId, volumes) : ByUuid(node, partUuid, volumes);
    }

    // Not to be found is no reason to take another: the node boots from the one that is named.
    private static TalosDiscoveredVolume ByUuid(
        string node,
        string partUuid,
        IReadOnlyList<TalosDiscoveredVolume> volumes
    )
    {
        TalosDiscoveredVolume[] named =
        [
            .. volumes.Where(v => v.PartitionUuid.Equals(partUuid, StringComparison.OrdinalIgnoreCase)),
        ];
        if (named.Length > 1)
        {
            // Cloned disks and RAID 1 members have the GUIDs of their partitions in common.
            throw BootErrors.EspAmbiguous.New(
                $"'{node}' was booted from the partition '{partUuid}', and {named.Length} have that GUID: {Devices(named)}.",
                node
            );
        }

        if (named is not [{ FileSystem: "vfat" } found])
        {
            string there = named.Length == 0 ? "which is not there" : $"which holds '{named[0].FileSystem}', not vfat";
            throw BootErrors.EspNotFound.New(
                $"'{node}' was booted from the partition '{partUuid}' (LoaderDevicePartUUID), {there}.",
                node,
                recommendedAction: "Look at 'Get-TalosResource -Type DiscoveredVolumes' of the node and name the partition with -EspDevice."
            );
        }

        return found;
    }

    private static TalosDiscoveredVolume ByLabel(
        string node,
        string diskId,
        IReadOnlyList<TalosDiscoveredVolume> volumes
    )
    {
        TalosDiscoveredVolume[] own = [.. volumes.Where(v => v.Parent == diskId)];
        TalosDiscoveredVolume[] found = [.. own.Where(IsEsp)];
        TalosDiscoveredVolume[] elsewhere = [.. volumes.Where(v => v.Parent != diskId && IsEsp(v))];
        if (own.Any(v => v.PartitionLabel == "BOOT"))
        {
            throw BootErrors.EspIsGrub.New(
                $"'{node}' boots by GRUB: '{diskId}' has a partition 'BOOT'; a swap needs a UKI layout.",
                node
            );
        }

        if (found.Length == 0)
        {
            string there =
                own.Length == 0
                    ? "no partitions"
                    : string.Join(", ", own.Select(v => $"{v.Id} '{v.PartitionLabel}' {v.FileSystem}"));
            throw BootErrors.EspNotFound.New(
                $"'{diskId}' of '{node}' has no partition labelled 'EFI' with vfat; found {there}.",
                node
            );
        }

        if (found.Length + elsewhere.Length > 1)
        {
            throw BootErrors.EspAmbiguous.New(
                $"'{node}' has {found.Length + elsewhere.Length} EFI system partitions: "
                    + $"{Devices(found.Concat(elsewhere))}; expected one, on '{diskId}', where no LoaderDevicePartUUID names it.",
                node
            );
        }

        return found[0];
    }

    private static string Devices(IEnumerable<TalosDiscoveredVolume> volumes) =>
        string.Join(", ", volumes.Select(v => v.DevicePath));

    private static bool IsEsp(TalosDiscoveredVolume volume) =>
        volume.FileSystem == "vfat"
        && (volume.PartitionLabel == "EFI" || volume.PartitionType.Equals(EspType, StringComparison.OrdinalIgnoreCase));
}
