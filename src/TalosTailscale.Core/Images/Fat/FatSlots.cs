using System.Buffers.Binary;
using System.Text;
using TalosTailscale.Core.Reporting;

namespace TalosTailscale.Core.Images.Fat;

/// <summary>The 32-byte slots of a folder into entries, long names put together and held to their checksum.</summary>
internal static class FatSlots
{
    private const int Slot = 32;
    private const int CharsPerSlot = 13;
    private const byte Deleted = 0xE5,
        LongName = 0x0F,
        Label = 0x08,
        Folder = 0x10;
    private const byte LowerBase = 0x08,
        LowerExtension = 0x10;

    private static readonly Encoding s_oem = CodePagesEncodingProvider.Instance.GetEncoding(437)!;

    public static IReadOnlyList<TreeEntry> Parse(ReadOnlySpan<byte> slots, int bits)
    {
        var entries = new List<TreeEntry>();
        var name = new LongNameParts();
        for (; slots.Length >= Slot && slots[0] != 0; slots = slots[Slot..])
        {
            var slot = slots[..Slot];
            if (slot[0] == Deleted)
                name.Clear();
            else if ((slot[11] & 0x3F) == LongName)
                name.Add(slot);
            else if ((slot[11] & Label) != 0 || slot[0] == '.')
                name.Clear();
            else
                entries.Add(Make(slot, name.TakeFor(slot), bits));
        }

        return entries;
    }

    public static string? FindLabel(ReadOnlySpan<byte> slots)
    {
        for (; slots.Length >= Slot && slots[0] != 0; slots = slots[Slot..])
        {
            if (slots[0] == Deleted || (slots[11] & 0x3F) == LongName || (slots[11] & Label) == 0)
                continue;
            return PrintableText.Line(s_oem.GetString(slots[..11])).TrimEnd(' ');
        }

        return null;
    }

    /// <summary>Lengths of the runs of free slots, deleted ones and those behind the end.</summary>
    public static IReadOnlyList<int> FreeRuns(ReadOnlySpan<byte> slots)
    {
        var runs = new List<int>();
        var run = 0;
        for (; slots.Length >= Slot; slots = slots[Slot..])
        {
            if (slots[0] is 0 or Deleted)
            {
                run++;
                continue;
            }

            if (run > 0)
                runs.Add(run);
            run = 0;
        }

        if (run > 0)
            runs.Add(run);
        return runs;
    }

    /// <summary>How many slots a long name takes, with that of its short one.</summary>
    public static int Needed(string name) => 1 + ((name.Length + CharsPerSlot - 1) / CharsPerSlot);

    private static FatEntry Make(ReadOnlySpan<byte> slot, string? longName, int bits)
    {
        var cased = ShortName(slot, slot[12]);
        uint cluster = BinaryPrimitives.ReadUInt16LittleEndian(slot[26..]);
        if (bits == 32)
            cluster |= (uint)BinaryPrimitives.ReadUInt16LittleEndian(slot[20..]) << 16;
        var folder = (slot[11] & Folder) != 0;
        var size = folder ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(slot[28..]);
        return new FatEntry(longName ?? cased, ShortName(slot, 0), folder, size, cluster & 0x0FFFFFFF, slot[11]);
    }

    private static string ShortName(ReadOnlySpan<byte> slot, byte caseFlags)
    {
        Span<byte> raw = stackalloc byte[11];
        slot[..11].CopyTo(raw);
        if (raw[0] == 0x05)
            raw[0] = Deleted; // Stands for a real 0xE5.
        var name = s_oem.GetString(raw[..8]).TrimEnd(' ');
        var extension = s_oem.GetString(raw[8..]).TrimEnd(' ');
        if ((caseFlags & LowerBase) != 0)
            name = name.ToLowerInvariant();
        if ((caseFlags & LowerExtension) != 0)
            extension = extension.ToLowerInvariant();
        return PrintableText.Line(extension.Length == 0 ? name : $"{name}.{extension}");
    }

    private sealed class LongNameParts
    {
        private readonly char[] _chars = new char[20 * CharsPerSlot];
        private int _expected;
        private int _length;
        private byte _checksum;

        public void Clear() => _length = _expected = 0;

        // The slots come last part first: the first one says how many there are.
        public void Add(ReadOnlySpan<byte> slot)
        {
            int number = slot[0] & 0x3F;
            if ((slot[0] & 0x40) != 0 && number is >= 1 and <= 20)
            {
                _length = number * CharsPerSlot;
                _checksum = slot[13];
            }
            else if (number != _expected || number == 0 || slot[13] != _checksum)
            {
                Clear();
                return;
            }

            _expected = number - 1;
            var part = _chars.AsSpan(_expected * CharsPerSlot, CharsPerSlot);
            for (var i = 0; i < CharsPerSlot; i++)
            {
                var at =
                    i < 5 ? 1 + (i * 2)
                    : i < 11 ? 14 + ((i - 5) * 2)
                    : 28 + ((i - 11) * 2);
                part[i] = (char)BinaryPrimitives.ReadUInt16LittleEndian(slot[at..]);
            }
        }

        public string? TakeFor(ReadOnlySpan<byte> slot)
        {
            var name = _chars.AsSpan(0, _length);
            var fits = _length > 0 && _expected == 0 && Checksum(slot) == _checksum;
            Clear();
            if (!fits)
                return null;
            var end = name.IndexOf('\0');
            var text = PrintableText.Line(new string(end < 0 ? name : name[..end]));
            return text.Length == 0 || text.AsSpan().IndexOfAny('/', '\\') >= 0 ? null : text;
        }

        private static byte Checksum(ReadOnlySpan<byte> slot)
        {
            byte sum = 0;
            foreach (var b in slot[..11])
                sum = unchecked((byte)(((sum & 1) << 7) + (sum >> 1) + b));
            return sum;
        }
    }
}
