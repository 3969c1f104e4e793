using System.Globalization;

namespace TalosTailscale.Lab.Nodes;

/// <summary>The disks of a node as COSI resources: a Talos installation with a UKI layout.</summary>
internal static class LabDiskResources
{
    private const long Mebi = 1L << 20;
    private const long DiskSize = 512L << 30;
    private const string EspType = "c12a7328-f81f-11d2-ba4b-00a0c93ec93b";

    // What the UUIDs of the other disk have in addition to their index.
    private const int OtherDisk = 64;

    internal static IEnumerable<LabResource> Of(LabNode node)
    {
        var disk = node.Options.SystemDisk;
        yield return new(
            "runtime",
            "SystemDisks.block.talos.dev",
            "system-disk",
            $"diskID: {disk}\ndevPath: /dev/{disk}\n"
        );
        yield return new(
            "runtime",
            "Disks.block.talos.dev",
            disk,
            $"dev_path: /dev/{disk}\nsize: {DiskSize}\npretty_size: 550 GB\nio_size: 512\nsector_size: 512\nreadonly: false\ncdrom: false\n"
                + $"model: LAB SSD 550\nserial: LAB{node.MachineId[..8].ToUpperInvariant()}\nwwid: eui.{node.MachineId[..16]}\ntransport: nvme\nrotational: false\n"
        );
        yield return Volume(disk, node, "disk", 0, "gpt", "", "", 0, DiskSize);
        var offset = Mebi;
        foreach (var (index, label, name, type, size) in Partitions(node))
        {
            yield return Volume(disk, node, "partition", index, name, label, type, offset, size);
            offset += size;
        }

        foreach (var resource in node.Options.OtherEspDisk is { } other ? Other(node, other) : [])
            yield return resource;
        foreach (
            var (index, label, name, _, _) in Partitions(node).Where(p => p.Label is "META" or "STATE" or "EPHEMERAL")
        )
        {
            yield return new(
                "runtime",
                "VolumeStatuses.block.talos.dev",
                label,
                $"phase: ready\ntype: partition\nlocation: /dev/{PartitionName(disk, index)}\nmountLocation: /dev/{PartitionName(disk, index)}\n"
                    + $"parentLocation: /dev/{disk}\nfilesystem: {(name.Length > 0 ? name : "none")}\n"
                    + (
                        node.Options.IsSealed && label == "STATE"
                            ? "encryptionProvider: luks2\nconfiguredEncryptionKeys:\n  - tpm\n"
                            : "encryptionProvider: none\n"
                    )
            );
        }
    }

    /// <summary>The name of a partition's device (<c>nvme0n1p1</c>, <c>sda1</c>).</summary>
    internal static string PartitionName(string disk, int index) =>
        (char.IsAsciiDigit(disk[^1]) ? disk + "p" : disk) + index.ToString(CultureInfo.InvariantCulture);

    /// <summary>The partition UUID of the EFI system partition on the system disk, which is the one that boots.</summary>
    internal static Guid EspPartUuid(LabNode node) => Uuid(node, 1 + 16);

    // A disk that another system left: one EFI system partition, by the name that other installers give it.
    private static IEnumerable<LabResource> Other(LabNode node, string disk)
    {
        yield return new(
            "runtime",
            "Disks.block.talos.dev",
            disk,
            $"dev_path: /dev/{disk}\nsize: {DiskSize}\npretty_size: 550 GB\nio_size: 512\nsector_size: 512\nreadonly: false\n"
                + "cdrom: false\nmodel: LAB HDD 550\ntransport: sata\nrotational: true\n"
        );
        yield return Volume(disk, node, "disk", 0, "gpt", "", "", 0, DiskSize, OtherDisk);
        yield return Volume(disk, node, "partition", 1, "vfat", "EFI", EspType, Mebi, 512 * Mebi, OtherDisk);
    }

    private static (int Index, string Label, string Name, string Type, long Size)[] Partitions(LabNode node) =>
        [
            (1, "EFI", "vfat", EspType, node.Options.EspSize),
            (2, "META", "talosmeta", "0fc63daf-8483-4772-8e79-3d69d8477de4", Mebi),
            (3, "STATE", "xfs", "0fc63daf-8483-4772-8e79-3d69d8477de4", 100 * Mebi),
            (4, "EPHEMERAL", "xfs", "0fc63daf-8483-4772-8e79-3d69d8477de4", 100L << 30),
        ];

    private static LabResource Volume(
        string disk,
        LabNode node,
        string type,
        int index,
        string name,
        string label,
        string partitionType,
        long offset,
        long size,
        int disks = 0
    )
    {
        var id = index == 0 ? disk : PartitionName(disk, index);
        var yaml =
            $"dev_path: /dev/{id}\ntype: {type}\ndevice_path: /devices/pci0000:00/{id}\n"
            + (index == 0 ? "" : $"parent: {disk}\nparent_dev_path: /dev/{disk}\n")
            + $"offset: {offset}\nsize: {size}\nsector_size: 512\nio_size: 512\nprobed_size: {size}\n"
            + $"name: {name}\nlabel: {(name is "xfs" or "vfat" ? label : "\"\"")}\nuuid: {Uuid(node, index + disks)}\n"
            + (
                index == 0
                    ? ""
                    : $"partition_uuid: {Uuid(node, index + 16 + disks)}\npartition_type: {partitionType}\npartition_label: {label}\npartition_index: {index}\n"
            );
        return new("runtime", "DiscoveredVolumes.block.talos.dev", id, yaml);
    }

    private static Guid Uuid(LabNode node, int index)
    {
        var bytes = Guid.Parse(node.MachineId).ToByteArray();
        bytes[15] = (byte)index;
        return new(bytes);
    }
}
