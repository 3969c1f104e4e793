using System.Globalization;
using System.Text;
using TalosTailscale.Core.MachineConfig;
using YamlDotNet.RepresentationModel;

namespace TalosTailscale.Benchmarks;

/// <summary>
/// How the cost of a patch grows with the configuration, step by step of what Set-TalosMachinePatch does with a file, and
/// YamlDotNet beside it: <c>dotnet run -c Release -- patch [ROUNDS]</c>. Processor time of the fastest round, which other
/// work on the machine disturbs little; bytes allocated and collections.
/// </summary>
internal static class MachineConfigSizes
{
    private static readonly int[] s_sizes = [100_000, 1_000_000, 10_000_000];

    /// <summary>Prints the tables.</summary>
    public static int Run(string[] args)
    {
        int rounds = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 5;
        Print("many documents", MachineConfigTexts.ManyDocuments, rounds);
        Print("one large document", MachineConfigTexts.OneDocument, rounds);
        Print("many secrets", MachineConfigTexts.ManySecrets, rounds);
        return 0;
    }

    private static void Print(string shape, Func<int, string> make, int rounds)
    {
        Console.WriteLine($"\n{shape}: fastest ms of processor time, MB allocated, collections of generation 0/1/2; and 10 MB over 1 MB");
        string[] texts = [.. s_sizes.Select(make)];
        foreach ((string name, Func<string, int> step) in Steps())
        {
            var line = new StringBuilder($"{name,-26}");
            double last = 0;
            double before = 0;
            foreach (string text in texts)
            {
                (double milliseconds, string counts) = Measure(step, text, rounds);
                line.Append(CultureInfo.InvariantCulture, $" {milliseconds,9:F2} ({counts})");
                before = last;
                last = milliseconds;
            }

            Console.WriteLine(line.Append(CultureInfo.InvariantCulture, $"  x{last / before:F1}"));
        }
    }

    private static IEnumerable<(string Name, Func<string, int> Step)> Steps()
    {
        IReadOnlyList<ConfigPatch> patches = MachineConfigTexts.Patches;
        yield return ("patch", text => MachineConfigPatcher.Apply(text, patches).Text.Length);
        yield return ("find forms", text => PatchForms.Adapt(text, patches, out _).Count);
        string? of = null;
        string? patched = null;
        string After(string text)
        {
            if (!ReferenceEquals(of, text)) (of, patched) = (text, MachineConfigPatcher.Apply(text, patches).Text);
            return patched!;
        }

        yield return ("check", text => ConfigValidator.Check(text, After(text), "node").Count);
        yield return ("diff", text => UnifiedDiff.Create(text, After(text), "node").Length);
        yield return ("find secrets", text =>
        {
            ConfigSecrets.Register(text);
            return 0;
        }
        );
        yield return ("all of it", text =>
        {
            ConfigSecrets.Register(text);
            PatchedConfig result = MachineConfigPatcher.Apply(text, PatchForms.Adapt(text, patches, out _));
            return ConfigValidator.Check(text, result.Text, "node").Count + UnifiedDiff.Create(text, result.Text, "node").Length;
        }
        );
        yield return ("YamlDotNet in and out", text =>
        {
            var stream = new YamlStream();
            stream.Load(new StringReader(text));
            using var writer = new StringWriter();
            stream.Save(writer, assignAnchors: false);
            return writer.GetStringBuilder().Length;
        }
        );
    }

    private static (double Milliseconds, string Counts) Measure(Func<string, int> step, string text, int rounds)
    {
        double best = double.MaxValue;
        string counts = string.Empty;
        int repeats = Math.Max(1, 10_000_000 / text.Length);
        for (int round = -1; round < rounds; round++)
        {
            GC.Collect();
            long allocated = GC.GetAllocatedBytesForCurrentThread();
            int[] before = [GC.CollectionCount(0), GC.CollectionCount(1), GC.CollectionCount(2)];
            TimeSpan started = Environment.CpuUsage.TotalTime;
            for (int i = 0; i < repeats; i++) _ = step(text);
            double took = (Environment.CpuUsage.TotalTime - started).TotalMilliseconds / repeats;
            if (round < 0) continue; // The first round warms up.
            best = Math.Min(best, took);
            counts = string.Create(
                CultureInfo.InvariantCulture,
                $"{(GC.GetAllocatedBytesForCurrentThread() - allocated) / repeats / 1e6:F1} MB, {GC.CollectionCount(0) - before[0]}/{GC.CollectionCount(1) - before[1]}/{GC.CollectionCount(2) - before[2]}");
        }

        return (best, counts);
    }
}
