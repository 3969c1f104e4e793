using TalosTailscale.Core.Talos;

namespace TalosTailscale.Core.Boot.Esp;

/// <summary>Finds the EFI system partition that a node boots from, by what Talos says of its disks.</summary>
/// <remarks>
/// By the partition label, as Talos itself does (siderolabs/talos, internal/app/machined/pkg/runtime/v1alpha1/bootloader/sdboot).
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
        TalosSystemDisk? disk = await node.SystemDiskAsync(cancellationToken).ConfigureAwait(false);
        IReadOnlyList<TalosDiscoveredVolume> volumes = await node.DiscoveredVolumesAsync(cancellationToken)
            .ConfigureAwait(false);
        return Find(node.Node, disk?.DiskId, volumes).DevicePath;
    }

    /// <summary>Chooses among what was discovered.</summary>
    /// <param name="node">The node's name, for messages.</param>
    /// <param name="diskId">The system disk; null when Talos is not installed.</param>
    /// <param name="volumes">Disks and partitions.</param>
    /// <returns>The partition.</returns>
    /// <exception cref="TsException"><c>EspNotFound</c>, <c>EspAmbiguous</c>, <c>EspIsGrub</c>.</exception>
    public static TalosDiscoveredVolume Find(string node, string? diskId, IReadOnlyList<TalosDiscoveredVolume> volumes)
    {
        ArgumentNullException.ThrowIfNull(volumes);
        if (string.IsNullOrEmpty(diskId))
            throw BootErrors.EspNotFound.New($"'{node}' has no system disk: Talos is not installed on it.", node);

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
                    + $"{string.Join(", ", found.Concat(elsewhere).Select(v => v.DevicePath))}; expected one, on '{diskId}'.",
                node
            );
        }

        return found[0];
    }

    private static bool IsEsp(TalosDiscoveredVolume volume) =>
        volume.FileSystem == "vfat"
        && (volume.PartitionLabel == "EFI" || volume.PartitionType.Equals(EspType, StringComparison.OrdinalIgnoreCase));
}
