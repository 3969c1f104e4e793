using System.Globalization;
using TalosTailscale.Core.MachineConfig;
using YamlDotNet.RepresentationModel;

namespace TalosTailscale.Benchmarks;

/// <summary>
/// What a patch costs: the two configurations that have bars, and how the cost grows to 10 MB, step by step of what
/// Set-TalosMachinePatch does with a file, YamlDotNet beside it: <c>dotnet run -c Release -- patch [ROUNDS]</c>. Processor
/// time of the fastest round, which other work on the machine disturbs little; bytes allocated and collections.
/// </summary>
internal static class MachineConfigSizes
{
    private static readonly int[] s_sizes = [100_000, 1_000_000, 10_000_000];

    public static Task<IReadOnlyList<BenchmarkRow>> MeasureAsync(string[] args)
    {
        int rounds = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 5;
        return Task.FromResult<IReadOnlyList<BenchmarkRow>>([
            Small(
                "an 11 kB control-plane config, the runbook's three patches",
                MachineConfigTexts.Base("controlplane.yaml"),
                1.4,
                rounds
            ),
            Small(
                "a 30 kB config with comments, the same",
                MachineConfigTexts.ManyDocuments(MachineConfigTexts.Base("controlplane-docs.yaml"), 30_000),
                4,
                rounds
            ),
            .. Growing("many documents", MachineConfigTexts.ManyDocuments, rounds),
            .. Growing("one large document", MachineConfigTexts.OneDocument, rounds),
            .. Growing("many secrets", MachineConfigTexts.ManySecrets, rounds),
        ]);
    }

    private static BenchmarkRow Small(string what, string text, double bar, int rounds)
    {
        Cost ours = Measure(Patch, text, rounds);
        Cost peer = Measure(InAndOut, text, rounds);
        Console.WriteLine($"{what}: {ours}; YamlDotNet in and out: {peer}");
        return new BenchmarkRow(
            4,
            "patch " + what,
            $"{Figures.Milliseconds(ours.Milliseconds)}, {ours.Megabytes:F2} MB",
            $"YamlDotNet in and out: {Figures.Milliseconds(peer.Milliseconds)}, {peer.Megabytes:F2} MB",
            $"{bar} ms",
            ours.Milliseconds <= bar
        );
    }

    private static IEnumerable<BenchmarkRow> Growing(string shape, Func<int, string> make, int rounds)
    {
        Console.WriteLine($"{shape}: 0.1, 1 and 10 MB");
        string[] texts = [.. s_sizes.Select(make)];
        var costs = new Dictionary<string, Cost[]>();
        foreach ((string name, Func<string, int> step) in Steps())
        {
            Cost[] cost = costs[name] = [.. texts.Select(text => Measure(step, text, rounds))];
            Console.WriteLine(
                $"  {name, -22} {string.Join(" | ", cost.Select(c => c.ToString()))}  x {cost[2].Milliseconds / cost[1].Milliseconds:F1}"
            );
        }

        foreach (string name in new[] { "patch", "all of it" })
        {
            Cost[] cost = costs[name];
            double growth = cost[2].Milliseconds / cost[1].Milliseconds;
            yield return new BenchmarkRow(
                4,
                $"{name}, 10 MB, {shape}",
                $"{Figures.Milliseconds(cost[2].Milliseconds)}, {growth:F1} × that of 1 MB",
                $"YamlDotNet in and out: {Figures.Milliseconds(costs["YamlDotNet in and out"][2].Milliseconds)}",
                "12 × of 1 MB",
                growth <= 12
            );
        }
    }

    private static IEnumerable<(string Name, Func<string, int> Step)> Steps()
    {
        string? of = null;
        string? patched = null;
        string After(string text)
        {
            if (!ReferenceEquals(of, text))
                (of, patched) = (text, MachineConfigPatcher.Apply(text, MachineConfigTexts.Patches).Text);
            return patched!;
        }

        yield return ("patch", Patch);
        yield return ("find forms", text => PatchForms.Adapt(text, MachineConfigTexts.Patches).Patches.Count);
        yield return ("check", text => ConfigValidator.Check(text, After(text), "node").Count);
        yield return ("diff", text => UnifiedDiff.Create(text, After(text), "node").Length);
        yield return ("find secrets", FindSecrets);
        yield return ("all of it", All);
        yield return ("YamlDotNet in and out", InAndOut);
    }

    private static int Patch(string text) => MachineConfigPatcher.Apply(text, MachineConfigTexts.Patches).Text.Length;

    private static int FindSecrets(string text)
    {
        ConfigSecrets.Register(text);
        return text.Length;
    }

    private static int All(string text)
    {
        ConfigSecrets.Register(text);
        string after = MachineConfigPatcher
            .Apply(text, PatchForms.Adapt(text, MachineConfigTexts.Patches).Patches)
            .Text;
        return ConfigValidator.Check(text, after, "node").Count + UnifiedDiff.Create(text, after, "node").Length;
    }

    private static int InAndOut(string text)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(text));
        using var writer = new StringWriter();
        stream.Save(writer, assignAnchors: false);
        return writer.GetStringBuilder().Length;
    }

    private static Cost Measure(Func<string, int> step, string text, int rounds)
    {
        var best = new Cost(double.MaxValue, 0, string.Empty);
        int repeats = Math.Clamp(10_000_000 / text.Length, 1, 500);
        for (int round = -2; round < rounds; round++)
        {
            GC.Collect();
            long allocated = GC.GetAllocatedBytesForCurrentThread();
            int[] before = [GC.CollectionCount(0), GC.CollectionCount(1), GC.CollectionCount(2)];
            TimeSpan started = Environment.CpuUsage.TotalTime;
            for (int i = 0; i < repeats; i++)
                _ = step(text);
            double took = (Environment.CpuUsage.TotalTime - started).TotalMilliseconds / repeats;
            if (round < 0 || took >= best.Milliseconds)
                continue; // The first rounds warm up.
            double megabytes = (GC.GetAllocatedBytesForCurrentThread() - allocated) / repeats / 1e6;
            best = new Cost(
                took,
                megabytes,
                string.Join('/', before.Select((count, generation) => GC.CollectionCount(generation) - count))
            );
        }

        return best;
    }

    private readonly record struct Cost(double Milliseconds, double Megabytes, string Collections)
    {
        public override string ToString() =>
            string.Create(
                CultureInfo.InvariantCulture,
                $"{Milliseconds, 8:F2} ms {Megabytes, 6:F1} MB gc {Collections}"
            );
    }
}
