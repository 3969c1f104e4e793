using System.Buffers.Binary;
using System.Text;

namespace TalosTailscale.Lab.Images;

/// <summary>A folder of an ISO 9660 image being written: directory records with Rock Ridge (RRIP 1.10) entries.</summary>
internal sealed class IsoFolder
{
    private readonly SortedDictionary<string, (string Name, IsoFolder? Folder, LabFile? File)> _entries = new(
        StringComparer.Ordinal
    );

    public IsoFolder(IsoFolder? parent) => Parent = parent ?? this;

    public IsoFolder Parent { get; }

    public bool IsRoot => Parent == this;

    public uint Block { get; set; }

    /// <summary>The plain name; one zero byte for the root.</summary>
    public string PlainName { get; private set; } = "\0";

    public ushort Number { get; set; }

    public IEnumerable<IsoFolder> Folders => _entries.Values.Where(e => e.Folder is not null).Select(e => e.Folder!);

    public IEnumerable<LabFile> Files => _entries.Values.Where(e => e.File is not null).Select(e => e.File!);

    public Dictionary<LabFile, uint> FileBlocks { get; } = [];

    public IsoFolder Folder(string name)
    {
        var plain = Plain(name);
        if (_entries.TryGetValue(plain, out var entry))
            return entry.Folder!;
        var folder = new IsoFolder(this) { PlainName = plain };
        _entries[plain] = (name, folder, null);
        return folder;
    }

    public void Add(string name, LabFile file)
    {
        var dot = name.LastIndexOf('.');
        var plain = dot < 0 ? Plain(name) + "." : $"{Plain(name[..dot])}.{Plain(name[(dot + 1)..])}";
        _entries.Add(plain + ";1", (name, null, file));
    }

    /// <summary>The folder's blocks.</summary>
    /// <param name="continuation">Block of the continuation area with the ER entry, named by the root alone.</param>
    /// <param name="erLength">Length of what is there.</param>
    public byte[] Bytes(uint continuation, int erLength)
    {
        var records = new List<byte[]>
        {
            Record(
                [0],
                Block,
                Length,
                2,
                IsRoot ? [.. Sp, .. PxTf(folder: true), .. Ce(continuation, erLength)] : PxTf(folder: true)
            ),
            Record([1], Parent.Block, Length, 2, PxTf(folder: true)),
        };
        foreach (var (plain, (name, folder, file)) in _entries)
        {
            records.Add(
                folder is not null
                    ? Record(Encoding.ASCII.GetBytes(plain), folder.Block, Length, 2, [.. PxTf(true), .. Nm(name)])
                    : Record(
                        Encoding.ASCII.GetBytes(plain),
                        FileBlocks[file!],
                        checked((uint)file!.Length),
                        0,
                        [.. PxTf(false), .. Nm(name)]
                    )
            );
        }

        return Pack(records);
    }

    /// <summary>A folder's length: one block holds more entries than an installer image has in any folder.</summary>
    public const uint Length = IsoWriter.Block;

    private static ReadOnlySpan<byte> Sp => [(byte)'S', (byte)'P', 7, 1, 0xBE, 0xEF, 0];

    public static byte[] Record(byte[] name, uint block, uint length, byte flags, byte[] systemUse)
    {
        var even = 33 + name.Length + ((33 + name.Length) % 2);
        var total = even + systemUse.Length + (systemUse.Length % 2);
        var r = new byte[checked((byte)total)];
        r[0] = (byte)total;
        Both(r.AsSpan(2), block);
        Both(r.AsSpan(10), length);
        Date.CopyTo(r.AsSpan(18));
        r[25] = flags;
        r[28] = 1;
        r[31] = 1;
        r[32] = (byte)name.Length;
        name.CopyTo(r, 33);
        systemUse.CopyTo(r, even);
        return r;
    }

    public static ReadOnlySpan<byte> Date => [126, 2, 6, 12, 0, 0, 0];

    public static void Both(Span<byte> target, uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(target, value);
        BinaryPrimitives.WriteUInt32BigEndian(target[4..], value);
    }

    private static byte[] Pack(List<byte[]> records)
    {
        var block = new byte[IsoWriter.Block];
        var offset = 0;
        foreach (var record in records)
        {
            if (offset + record.Length > block.Length)
                throw new IOException("More entries in one folder than fit into one block.");
            record.CopyTo(block, offset);
            offset += record.Length;
        }

        return block;
    }

    private static byte[] PxTf(bool folder)
    {
        var px = new byte[36];
        "PX"u8.CopyTo(px);
        px[2] = 36;
        px[3] = 1;
        Both(px.AsSpan(4), folder ? 0x41EDu : 0x81A4u);
        Both(px.AsSpan(12), folder ? 2u : 1u);
        byte[] tf = [(byte)'T', (byte)'F', 26, 1, 0x0E, .. Date, .. Date, .. Date];
        return [.. px, .. tf];
    }

    private static byte[] Nm(string name)
    {
        var bytes = Encoding.UTF8.GetBytes(name);
        return [(byte)'N', (byte)'M', (byte)(5 + bytes.Length), 1, 0, .. bytes];
    }

    private static byte[] Ce(uint block, int length)
    {
        var ce = new byte[28];
        "CE"u8.CopyTo(ce);
        ce[2] = 28;
        ce[3] = 1;
        Both(ce.AsSpan(4), block);
        Both(ce.AsSpan(20), (uint)length);
        return ce;
    }

    private static string Plain(string name) =>
        string.Concat(name.ToUpperInvariant().Select(c => c is (>= 'A' and <= 'Z') or (>= '0' and <= '9') ? c : '_'));
}
