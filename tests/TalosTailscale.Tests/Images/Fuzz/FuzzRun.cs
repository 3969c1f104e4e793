namespace TalosTailscale.Tests.Images.Fuzz;

/// <summary>What a run found.</summary>
/// <param name="Executions">How many inputs were read.</param>
/// <param name="Refused">How many of them were answered with an expected error.</param>
/// <param name="Findings">Inputs that crashed, took over a second or allocated over 64 MiB, by number.</param>
/// <param name="Slowest">The most processor time that one execution took.</param>
/// <param name="Largest">The most bytes of managed memory that one execution allocated in all.</param>
internal sealed record FuzzResult(
    long Executions,
    long Refused,
    IReadOnlyList<string> Findings,
    TimeSpan Slowest,
    long Largest
);

/// <summary>
/// Runs a target on mutated seeds. Every input follows from its number, so a finding is repeated by that number.
/// </summary>
internal static class FuzzRun
{
    private const long MaxAllocated = 64L << 20;
    private const int MaxFindings = 20;

    public static async Task<FuzzResult> RunAsync(
        FuzzTarget target,
        long first,
        long count,
        Action<long>? progress = null,
        CancellationToken cancellationToken = default
    )
    {
        var inputs = new List<Mutation>();
        foreach (var seed in target.Seeds)
        {
            using var recording = new RecordingStream(seed);
            try
            {
                await target.Run(recording);
            }
            catch (TsException)
            {
                // A table without anything behind it is a seed too.
            }

            inputs.Add(new Mutation(seed, recording.Pieces));
        }

        var findings = new List<string>();
        long refused = 0,
            largest = 0,
            done = 0;
        var slowest = TimeSpan.Zero;
        for (var number = first; number < first + count && findings.Count < MaxFindings; number++, done++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var random = new Random(unchecked((int)(number * 2654435761L)));
            var input = inputs[random.Next(inputs.Count)];
            try
            {
                input.Apply(random);
                target.Repair?.Invoke(input, random);
                var (outcome, time, allocated) = await ExecuteAsync(target, input);
                // Time of the processor, which other work of the process (collections) adds to: slow is what is so each time.
                for (var again = 0; again < 2 && time > TimeSpan.FromSeconds(1); again++)
                    time = TimeSpan.FromTicks(Math.Min(time.Ticks, (await ExecuteAsync(target, input)).Time.Ticks));
                if (outcome is TsException)
                    refused++;
                else if (outcome is not null)
                    findings.Add($"#{number}: {outcome}");
                if (time > TimeSpan.FromSeconds(1))
                    findings.Add($"#{number}: took {time.TotalSeconds:F1} s");
                if (allocated > MaxAllocated)
                    findings.Add($"#{number}: allocated {allocated >> 20} MiB");
                if (time > slowest)
                    slowest = time;
                largest = Math.Max(largest, allocated);
            }
            finally
            {
                input.Undo();
            }

            if (done % 10_000 == 9_999)
                progress?.Invoke(done + 1);
        }

        return new FuzzResult(done, refused, findings, slowest, largest);
    }

    private static Task<(Exception? Outcome, TimeSpan Time, long Allocated)> ExecuteAsync(
        FuzzTarget target,
        Mutation input
    ) => MeasureAsync(target, input.Bytes, input.Length);

    /// <summary>Runs a target once: what came of it, the processor's time, and all bytes that it allocated.</summary>
    public static async Task<(Exception? Outcome, TimeSpan Time, long Allocated)> MeasureAsync(
        FuzzTarget target,
        byte[] bytes,
        int length
    )
    {
        // Nothing waits on a memory stream, so all of it happens on this thread.
        var before = GC.GetAllocatedBytesForCurrentThread();
        var start = Environment.CpuUsage.TotalTime;
        Exception? outcome = null;
        try
        {
            using var stream = new MemoryStream(bytes, 0, length, writable: false);
            await target.Run(stream);
        }
        catch (Exception e)
        {
            outcome = e;
        }

        return (outcome, Environment.CpuUsage.TotalTime - start, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
