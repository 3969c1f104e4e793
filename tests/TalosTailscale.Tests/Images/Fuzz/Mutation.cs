using System.Buffers.Binary;

namespace TalosTailscale.Tests.Images.Fuzz;

/// <summary>Changes an input in place and can take the changes back, so that large inputs are not copied each time.</summary>
internal sealed class Mutation(byte[] bytes, IReadOnlyList<(int Offset, int Count)> hot)
{
    private static readonly uint[] s_interesting =
    [
        0,
        1,
        2,
        3,
        7,
        8,
        0x7F,
        0x80,
        0xFF,
        0x100,
        0x1FF,
        0x200,
        0x7FFF,
        0x8000,
        0xFFFF,
        0x10000,
        0x7FFFFFFF,
        0x80000000,
        0xFFFFFFF0,
        0xFFFFFFFE,
        0xFFFFFFFF,
    ];

    private readonly List<(int Offset, byte[] Old)> _undo = [];

    public byte[] Bytes => bytes;

    public int Length { get; private set; } = bytes.Length;

    public void Apply(Random random)
    {
        for (var left = 1 + random.Next(6); left > 0; left--)
            ApplyOne(random);
        if (random.Next(12) == 0)
            Length = Place(random);
    }

    public void Undo()
    {
        for (var i = _undo.Count - 1; i >= 0; i--)
            _undo[i].Old.CopyTo(bytes, _undo[i].Offset);
        _undo.Clear();
        Length = bytes.Length;
    }

    /// <summary>Keeps a range as it is now, before something else writes to it.</summary>
    public void Save(int offset, int count) => _undo.Add((offset, bytes.AsSpan(offset, count).ToArray()));

    private void ApplyOne(Random random)
    {
        var at = Place(random);
        var room = bytes.Length - at;
        switch (random.Next(8))
        {
            case 0 or 1:
                Save(at, 1);
                bytes[at] ^= (byte)(1 << random.Next(8));
                break;
            case 2:
                Save(at, 1);
                bytes[at] = (byte)random.Next(256);
                break;
            case 3 or 4:
                Write(
                    at,
                    Math.Min(room, 1 << random.Next(4)),
                    s_interesting[random.Next(s_interesting.Length)],
                    random
                );
                break;
            case 5:
                Write(at, Math.Min(room, 1 << random.Next(4)), (uint)random.Next(), random);
                break;
            case 6:
                var count = Math.Min(room, 1 + random.Next(64));
                var from = Place(random);
                count = Math.Min(count, bytes.Length - from);
                Save(at, count);
                Buffer.BlockCopy(bytes, from, bytes, at, count);
                break;
            default:
                var run = Math.Min(room, 1 + random.Next(64));
                Save(at, run);
                bytes
                    .AsSpan(at, run)
                    .Fill(
                        random.Next(3) switch
                        {
                            0 => 0,
                            1 => 0xFF,
                            _ => (byte)random.Next(256),
                        }
                    );
                break;
        }
    }

    private void Write(int at, int count, uint value, Random random)
    {
        Save(at, count);
        Span<byte> number = stackalloc byte[8];
        if (random.Next(8) == 0)
            BinaryPrimitives.WriteUInt64BigEndian(number, (ulong)value << 32);
        else
            BinaryPrimitives.WriteUInt64LittleEndian(number, value);
        number[..count].CopyTo(bytes.AsSpan(at));
    }

    private int Place(Random random)
    {
        if (hot.Count == 0 || random.Next(10) == 0)
            return random.Next(bytes.Length);
        var (offset, count) = hot[random.Next(hot.Count)];
        return offset + random.Next(count);
    }
}
