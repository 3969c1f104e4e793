using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace TalosTailscale.Lab.Images;

/// <summary>A folder of a FAT file system being written, with the long names of its entries.</summary>
internal sealed class FatFolder(FatFolder? parent)
{
    private const ushort Date = (46 << 9) | (2 << 5) | 6;
    private const ushort Time = 12 << 11;
    private readonly List<(string Name, byte[] Short, FatFolder? Folder, LabFile? File)> _entries = [];

    public FatFolder? Parent { get; } = parent;

    /// <summary>First cluster; 0 for the root.</summary>
    public uint Cluster { get; set; }

    public Dictionary<LabFile, uint> FileClusters { get; } = [];

    public IEnumerable<FatFolder> Folders => _entries.Where(e => e.Folder is not null).Select(e => e.Folder!);

    public IEnumerable<LabFile> Files => _entries.Where(e => e.File is not null).Select(e => e.File!);

    /// <summary>Bytes that the entries take, with the volume label or the two dot entries.</summary>
    public int Size => 32 * (2 + _entries.Sum(e => 1 + (NeedsLongName(e.Name) ? (e.Name.Length + 12) / 13 : 0)));

    public FatFolder Folder(string name)
    {
        var found = _entries.FirstOrDefault(e =>
            e.Folder is not null && e.Name.Equals(name, StringComparison.OrdinalIgnoreCase)
        );
        if (found.Folder is not null)
            return found.Folder;
        var folder = new FatFolder(this);
        _entries.Add((name, ShortName(name), folder, null));
        return folder;
    }

    public void Add(string name, LabFile file) => _entries.Add((name, ShortName(name), null, file));

    /// <summary>The folder's bytes.</summary>
    /// <param name="label">The volume label, in the root.</param>
    public byte[] Bytes(string? label)
    {
        using var stream = new MemoryStream();
        if (label is not null)
        {
            stream.Write(Entry(Encoding.ASCII.GetBytes(label.PadRight(11)), 0x08, 0, 0));
        }
        else
        {
            stream.Write(Entry(".          "u8.ToArray(), 0x10, Cluster, 0));
            stream.Write(Entry("..         "u8.ToArray(), 0x10, Parent?.Parent is null ? 0 : Parent.Cluster, 0));
        }

        foreach (var (name, alias, folder, file) in _entries)
        {
            if (NeedsLongName(name))
                WriteLongName(stream, name, Checksum(alias));
            stream.Write(
                folder is null
                    ? Entry(alias, 0x20, FileClusters[file!], checked((uint)file!.Length))
                    : Entry(alias, 0x10, folder.Cluster, 0)
            );
        }

        return stream.ToArray();
    }

    private static byte[] Entry(byte[] name, byte attributes, uint cluster, uint length)
    {
        var e = new byte[32];
        name.CopyTo(e, 0);
        e[11] = attributes;
        BinaryPrimitives.WriteUInt16LittleEndian(e.AsSpan(14), Time);
        BinaryPrimitives.WriteUInt16LittleEndian(e.AsSpan(16), Date);
        BinaryPrimitives.WriteUInt16LittleEndian(e.AsSpan(18), Date);
        BinaryPrimitives.WriteUInt16LittleEndian(e.AsSpan(20), (ushort)(cluster >> 16));
        BinaryPrimitives.WriteUInt16LittleEndian(e.AsSpan(22), Time);
        BinaryPrimitives.WriteUInt16LittleEndian(e.AsSpan(24), Date);
        BinaryPrimitives.WriteUInt16LittleEndian(e.AsSpan(26), (ushort)cluster);
        BinaryPrimitives.WriteUInt32LittleEndian(e.AsSpan(28), length);
        return e;
    }

    private static void WriteLongName(MemoryStream stream, string name, byte checksum)
    {
        var count = (name.Length + 12) / 13;
        var units = new char[count * 13];
        Array.Fill(units, '\uFFFF');
        name.CopyTo(0, units, 0, name.Length);
        if (name.Length < units.Length)
            units[name.Length] = '\0';
        for (var i = count; i > 0; i--)
        {
            var e = new byte[32];
            e[0] = (byte)(i | (i == count ? 0x40 : 0));
            e[11] = 0x0F;
            e[13] = checksum;
            for (var c = 0; c < 13; c++)
            {
                var offset =
                    c < 5 ? 1 + (2 * c)
                    : c < 11 ? 14 + (2 * (c - 5))
                    : 28 + (2 * (c - 11));
                BinaryPrimitives.WriteUInt16LittleEndian(e.AsSpan(offset), units[((i - 1) * 13) + c]);
            }

            stream.Write(e);
        }
    }

    private static byte Checksum(byte[] alias) =>
        alias.Aggregate((byte)0, (sum, b) => (byte)((((sum & 1) << 7) | (sum >> 1)) + b));

    private static bool NeedsLongName(string name)
    {
        var dot = name.IndexOf('.', StringComparison.Ordinal);
        var (stem, extension) = dot < 0 ? (name, "") : (name[..dot], name[(dot + 1)..]);
        return stem.Length is 0 or > 8 || extension.Length > 3 || (stem + extension).Any(c => !IsShort(c));
    }

    private static bool IsShort(char c) => c is (>= 'A' and <= 'Z') or (>= '0' and <= '9') or '_' or '-' or '~';

    private byte[] ShortName(string name)
    {
        var dot = name.LastIndexOf('.');
        var (stem, extension) = dot <= 0 ? (name, "") : (name[..dot], name[(dot + 1)..]);
        stem = Clean(stem);
        extension = Clean(extension);
        extension = extension[..Math.Min(3, extension.Length)];
        for (var number = NeedsLongName(name) ? 1 : 0; ; number++)
        {
            var tail = number == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"~{number}");
            var alias = stem[..Math.Min(8 - tail.Length, stem.Length)] + tail;
            var bytes = Encoding.ASCII.GetBytes(alias.PadRight(8) + extension.PadRight(3));
            if (!_entries.Any(e => e.Short.AsSpan().SequenceEqual(bytes)))
                return bytes;
        }
    }

    private static string Clean(string text) =>
        string.Concat(text.ToUpperInvariant().Where(c => c is not ('.' or ' ')).Select(c => IsShort(c) ? c : '_'));
}
