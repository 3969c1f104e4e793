using BenchmarkDotNet.Attributes;
using TalosTailscale.Core.MachineConfig;
using YamlDotNet.RepresentationModel;

namespace TalosTailscale.Benchmarks;

/// <summary>
/// Patching a machine configuration with the runbook's three patches. The bars: an 11 kB control-plane configuration in
/// 1.4 ms once warm (what Talos's own library takes), a 30 kB one with comments in 4 ms, and cost linear in size. The
/// baseline is YamlDotNet reading and writing the same text, which loses every comment.
/// </summary>
[MemoryDiagnoser]
public class MachineConfigBenchmarks
{
    private string _text = "";

    /// <summary>Which configuration.</summary>
    [Params("controlplane 11 kB", "comments 30 kB", "100 kB", "1 MB", "10 MB")]
    public string Config { get; set; } = "";

    [GlobalSetup]
    public void Setup() =>
        _text = Config switch
        {
            "controlplane 11 kB" => MachineConfigTexts.Base("controlplane.yaml"),
            "comments 30 kB" => MachineConfigTexts.ManyDocuments(
                MachineConfigTexts.Base("controlplane-docs.yaml"),
                30_000
            ),
            "100 kB" => MachineConfigTexts.ManyDocuments(MachineConfigTexts.Base("controlplane.yaml"), 100_000),
            "1 MB" => MachineConfigTexts.ManyDocuments(MachineConfigTexts.Base("controlplane.yaml"), 1_000_000),
            _ => MachineConfigTexts.ManyDocuments(MachineConfigTexts.Base("controlplane.yaml"), 10_000_000),
        };

    [Benchmark]
    public int Patch() => MachineConfigPatcher.Apply(_text, MachineConfigTexts.Patches).Text.Length;

    [Benchmark(Baseline = true)]
    public int YamlDotNetReadAndWrite()
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(_text));
        using var writer = new StringWriter();
        stream.Save(writer, assignAnchors: false);
        return writer.GetStringBuilder().Length;
    }
}
