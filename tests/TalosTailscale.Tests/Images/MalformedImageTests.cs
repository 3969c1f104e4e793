using System.IO.Compression;
using System.Text;
using TalosTailscale.Lab.Images;

namespace TalosTailscale.Tests.Images;

/// <summary>
/// Images of other tools and bombs made here, cut and overwritten where their tables are: an answer within two seconds and
/// 64 MiB.
/// </summary>
public sealed class MalformedImageTests(ITestOutputHelper output)
{
    public static TheoryData<string> Given => Samples.Names("");

    [Theory]
    [MemberData(nameof(Given))]
    public async Task A_given_image_however_cut_or_overwritten_is_answered(string name)
    {
        byte[] bytes;
        await using (var file = Samples.Open(name))
        {
            using var copy = new MemoryStream();
            await file.CopyToAsync(copy, TestContext.Current.CancellationToken);
            bytes = copy.ToArray();
        }

        output.WriteLine(await ImageBounds.CheckAsync(name, Variants(bytes)));
    }

    [Fact]
    public async Task Bombs_are_answered()
    {
        var uki = LabImages.Uki(new LabUkiSpec { Size = 120_000 });
        var zeros = ZstdFrames.OfZeros([], 16L << 30);
        (byte[], int)[] bombs =
        [
            .. new[]
            {
                TinyUki.With(".initrd", zeros),
                TinyUki.With(".initrd", ZstdFrames.OfZeros(ZstdFrames.CpioOf4GiB, 4L << 30)),
                TinyUki.With(".cmdline", new byte[60_000]),
                TinyUki.With(".osrel", [.. Enumerable.Repeat((byte)'=', 60_000)]),
                zeros,
                new byte[4 << 20],
                [.. uki, .. zeros],
                TinyUki.With(".initrd", ZstdHeader(0x00, 21 << 3)),
                TinyUki.With(".initrd", ZstdHeader(0xE0, 0, 0, 0, 0, 1, 0, 0, 0)),
                ZstdHeader(0x00, 21 << 3),
                ZstdHeader(0xE0, 0, 0, 0, 0, 1, 0, 0, 0),
                TinyUki.With(".initrd", Gzip(new byte[100 << 20])),
                Gzip(new byte[100 << 20]),
                TinyUki.With(".initrd", Archives(50_000)),
                TinyUki.Make([
                    TinyUki.Kernel,
                    TinyUki.Release(TinyUki.OsRelease),
                    .. Enumerable.Repeat((".profile", "ID=a\n"u8.ToArray()), 2_000),
                ]),
            }.Select(b => (b, b.Length)),
        ];

        output.WriteLine(await ImageBounds.CheckAsync("bombs", bombs));
    }

    // Cut at each hundredth of the first tenth and each tenth; numbers in its tables replaced by the largest and by zero.
    private static IEnumerable<(byte[] Bytes, int Length)> Variants(byte[] bytes)
    {
        for (var cut = 1; cut <= 10; cut++)
        {
            yield return (bytes, (int)((long)bytes.Length * cut / 100));
            yield return (bytes, (int)((long)bytes.Length * cut / 10));
        }

        var random = new Random(bytes.Length);
        int[] tables = [0, 512, 0x8000, 0x8800, 0x9000, bytes.Length - 4096];
        foreach (var table in tables.Where(t => t >= 0 && t + 512 <= bytes.Length))
        {
            foreach (var value in (byte[])[0, 0x7F, 0xFF])
            {
                var changed = (byte[])bytes.Clone();
                for (var i = 0; i < 8; i++)
                    changed.AsSpan(table + (random.Next(126) * 4), 4).Fill(value);
                yield return (changed, changed.Length);
            }
        }
    }

    // Headers that ask for memory: a window of 2 GiB, and a content of 4 GiB in one segment (RFC 8878, 3.1.1.1).
    private static byte[] ZstdHeader(params byte[] rest) => [0x28, 0xB5, 0x2F, 0xFD, .. rest, 3, 0, 0, 1, 2, 3, 4];

    private static byte[] Gzip(byte[] content)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
            gzip.Write(content);
        return packed.ToArray();
    }

    private static byte[] Archives(int count) =>
        [
            .. Enumerable
                .Repeat(Encoding.ASCII.GetBytes("070701" + new string('0', 8 * 11) + "0000000200000000a\0\0\0"), count)
                .SelectMany(m => m),
        ];
}
