using TalosTailscale.Core.Images;
using TalosTailscale.Tests.Images.Fuzz;

namespace TalosTailscale.Tests.Images;

/// <summary>
/// Reads whatever bytes as Get-Uki does, to their end, and holds each reading to two seconds and 64 MiB: of the
/// processor, and of all that was allocated; decoders that take memory otherwise have windows of 32 MiB at most.
/// </summary>
internal static class ImageBounds
{
    private static readonly TimeSpan s_time = TimeSpan.FromSeconds(2);
    private const long Memory = 64L << 20;
    private static readonly FuzzTarget s_target = new("whole", [], ReadAsync);

    /// <summary>Reads all inputs.</summary>
    /// <returns>How many there were, how many were refused, and the worst time and memory, in words.</returns>
    public static async Task<string> CheckAsync(string name, IEnumerable<(byte[] Bytes, int Length)> inputs)
    {
        var (count, refused, slowest, largest) = (0, 0, TimeSpan.Zero, 0L);
        foreach (var (bytes, length) in inputs)
        {
            var thread = Environment.CurrentManagedThreadId;
            var (outcome, time, allocated) = await FuzzRun.MeasureAsync(s_target, bytes, length);
            Assert.Equal(thread, Environment.CurrentManagedThreadId); // else memory was counted of another
            // The processor's time is that of the process: slow is what is so each time.
            for (var again = 0; again < 3 && time > s_time; again++)
                time = (await FuzzRun.MeasureAsync(s_target, bytes, length)).Time;
            Assert.True(outcome is null or TsException, $"{name} #{count}: {outcome}");
            Assert.True(time < s_time, $"{name} #{count}: {time.TotalSeconds:0.0} s.");
            Assert.True(allocated < Memory, $"{name} #{count}: {allocated >> 20} MiB.");
            (slowest, largest) = (time > slowest ? time : slowest, Math.Max(largest, allocated));
            refused += outcome is null ? 0 : 1;
            count++;
        }

        return $"{name}: {count} inputs, {refused} refused, slowest {slowest.TotalMilliseconds:0} ms, largest {largest >> 10} KiB.";
    }

    // A place that cannot be read is an answer, and the others are read all the same.
    private static async Task ReadAsync(Stream stream)
    {
        TsException? refusal = null;
        foreach (var place in await UkiFinder.FindAsync(stream, "input"))
        {
            try
            {
                await place.ReadAsync(new UkiReadOptions { SectionHashes = true });
            }
            catch (TsException e)
            {
                refusal = e;
            }
        }

        if (refusal is not null)
            throw refusal;
    }
}
