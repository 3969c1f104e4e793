using TalosTailscale.Core.Boot;
using TalosTailscale.Core.Boot.NodeShell;
using TalosTailscale.Core.Boot.Swap;
using TalosTailscale.Core.Kubernetes;
using TalosTailscale.Core.Reporting;
using TalosTailscale.Tests.Kubernetes;

namespace TalosTailscale.Tests.Boot;

/// <summary>A whole swap by a real pod of the lab's Kubernetes, on a node with one Talos image on its partition.</summary>
internal sealed class SwapLab : IAsyncDisposable
{
    private readonly KubernetesConnection _connection;

    private SwapLab(KubeLab kube)
    {
        Kube = kube;
        _connection = kube.Connect();
        Directory.CreateDirectory(Linux);
        Directory.CreateDirectory(Path.Combine(Root, "loader"));
        File.WriteAllText(Path.Combine(Root, "loader", "loader.conf"), "timeout 10\n");
        Reset();
    }

    public KubeLab Kube { get; }

    public string Root => Kube.Machines[1].Facts.EspDirectory!;

    public string Linux => Path.Combine(Root, "EFI", "Linux");

    /// <summary>What was said to the user.</summary>
    public List<string> Said { get; } = [];

    /// <summary>Called with each line.</summary>
    public Action<string>? OnSaid { get; set; }

    public static async Task<SwapLab> StartAsync() => new(await KubeLab.StartAsync());

    /// <summary>The partition as it is before a swap.</summary>
    public void Reset()
    {
        foreach (string file in Directory.GetFiles(Linux))
            File.Delete(file);
        File.WriteAllBytes(Path.Combine(Linux, EspFolder.Entry), EspFolder.Old);
    }

    public async Task<UkiSwapResult> SwapAsync(
        CancellationToken cancellationToken,
        UkiSwapSource? source = null,
        HelperPodSpec? spec = null,
        DateTimeOffset? now = null
    )
    {
        var reporter = new Reporter(this);
        spec ??= new HelperPodSpec
        {
            NodeName = KubeLab.Node,
            Image = KubeLab.Image,
            Purpose = "esp",
        };
        source ??= await EspFolder.SourceAsync(EspFolder.New);
        PodNodeShell shell = await PodNodeShell.OpenAsync(
            KubeLab.AnyMachine,
            _connection,
            spec,
            reporter,
            cancellationToken
        );
        await using var session = new EspSession(shell, "/dev/nvme0n1p1", reporter);
        var options = new UkiSwapOptions { Now = now ?? DateTimeOffset.UtcNow };
        UkiSwapPlan plan = await session.PlanAsync(EspFolder.Facts, source, options, cancellationToken);
        UkiSwapResult result = await session.SwapAsync(plan, source, cancellationToken);
        await session.CloseAsync(cancellationToken);
        return result;
    }

    /// <summary>The old or the new image whole under the booted name, and, with the new one, the old one as a backup.</summary>
    public bool IsDone()
    {
        byte[] entry = Read(EspFolder.Entry);
        if (entry.AsSpan().SequenceEqual(EspFolder.Old))
            return false;
        Assert.Equal(EspFolder.Hash(EspFolder.New), EspFolder.Hash(entry));
        string[] names =
        [
            .. Directory.GetFiles(Linux).Select(f => Path.GetFileName(f)).Where(n => n != EspFolder.Entry),
        ];
        Assert.Contains(names, n => Read(n).AsSpan().SequenceEqual(EspFolder.Old));
        return true;
    }

    /// <summary>Only what was there before, or what a swap leaves.</summary>
    public void AssertClean()
    {
        string[] others =
        [
            .. Directory.GetFiles(Linux).Select(f => Path.GetFileName(f)!).Where(n => n != EspFolder.Entry),
        ];
        if (IsDone())
            Assert.StartsWith(EspFolder.Entry + ".bak.", Assert.Single(others), StringComparison.Ordinal);
        else
            Assert.Empty(others);
    }

    public void EvictPod()
    {
        string[] pod = Assert.Single(Kube.Api.Pods).Split('/');
        Kube.Api.EvictPod(pod[0], pod[1]);
    }

    public Task NoPodsAsync() => HelperPodTests.NoPodsAsync(Kube);

    public byte[] Read(string name) => File.ReadAllBytes(Path.Combine(Linux, name));

    public async ValueTask DisposeAsync()
    {
        _connection.Dispose();
        await Kube.DisposeAsync();
    }

    private sealed class Reporter(SwapLab lab) : IReporter
    {
        public void Verbose(string message) => Say(message);

        public void Warning(string message) => Say("WARNING " + message);

        public void Progress(ProgressStep step) => Say("PROGRESS " + step.Status);

        private void Say(string text)
        {
            lock (lab.Said)
                lab.Said.Add(text);
            lab.OnSaid?.Invoke(text);
        }
    }
}
