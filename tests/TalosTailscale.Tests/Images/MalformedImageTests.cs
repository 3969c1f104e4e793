using TalosTailscale.Lab.Images;
using TalosTailscale.Tests.Images.Fuzz;

namespace TalosTailscale.Tests.Images;

/// <summary>
/// Images of other tools and bombs made here, cut and overwritten where their tables are: an answer within two seconds of
/// the processor and 64 MiB, all that was allocated counted.
/// </summary>
public sealed class MalformedImageTests(ITestOutputHelper output)
{
    private static readonly TimeSpan s_time = TimeSpan.FromSeconds(2);
    private const long Memory = 64L << 20;

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

        var worst = await RunAsync(name, Variants(bytes));

        output.WriteLine(worst);
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
            }.Select(b => (b, b.Length)),
        ];

        output.WriteLine(await RunAsync("bombs", bombs));
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

    private static async Task<string> RunAsync(string name, IEnumerable<(byte[] Bytes, int Length)> inputs)
    {
        var target = FuzzTargets.Get("finder");
        var (count, refused, slowest, largest) = (0, 0, TimeSpan.Zero, 0L);
        foreach (var (bytes, length) in inputs)
        {
            var (outcome, time, allocated) = await FuzzRun.MeasureAsync(target, bytes, length);
            for (var again = 0; again < 2 && time > s_time; again++)
                time = (await FuzzRun.MeasureAsync(target, bytes, length)).Time;
            Assert.True(outcome is null or TsException, $"{name} #{count}: {outcome}");
            Assert.True(time < s_time, $"{name} #{count}: {time.TotalSeconds:0.0} s.");
            Assert.True(allocated < Memory, $"{name} #{count}: {allocated >> 20} MiB.");
            (slowest, largest) = (time > slowest ? time : slowest, Math.Max(largest, allocated));
            refused += outcome is null ? 0 : 1;
            count++;
        }

        return $"{name}: {count} inputs, {refused} refused, slowest {slowest.TotalMilliseconds:0} ms, largest {largest >> 10} KiB.";
    }
}
