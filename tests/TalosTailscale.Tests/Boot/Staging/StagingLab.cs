using System.Diagnostics;
using TalosTailscale.Core.Boot;
using TalosTailscale.Core.Boot.NodeShell;
using TalosTailscale.Core.Boot.Swap;
using TalosTailscale.Core.Images;
using TalosTailscale.Core.Kubernetes;
using TalosTailscale.Core.Reporting;
using TalosTailscale.Core.Talos;
using TalosTailscale.Lab;
using TalosTailscale.Lab.Images;
using TalosTailscale.Lab.Kubernetes;
using TalosTailscale.Lab.Talos;

namespace TalosTailscale.Tests.Boot.Staging;

/// <summary>
/// One node whose shell can be had both ways, and an image that goes in three parts, made once. Both ways hold the exit code back while
/// input lies unread.
/// </summary>
public sealed class StagingLab : IAsyncLifetime
{
    private const string Device = "/dev/nvme0n1p1";
    private const long Size = 36_000_000;

    /// <summary>In the second of the parts of 16 MiB in which the program takes an image.</summary>
    internal const int Middle = 20 << 20;

    private static readonly TimeSpan s_shortLimit = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan s_longLimit = TimeSpan.FromMinutes(10);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ts-staging-");
    private readonly TalosConnections _connections = new();
    private LabCluster _lab = null!;
    private UkiInfo _uki = null!;

    internal string Image => Path.Combine(_folder.FullName, EspFolder.Entry);

    private LabNode Node => _lab.Nodes[0];

    internal LabKubernetesFaults Faults => _lab.Part<LabKubernetesPart>()!.Api.Faults;

    internal string Linux => Path.Combine(Node.EspDirectory, "EFI", "Linux");

    internal string Lock => Path.Combine(Linux, ".talostailscale.lock");

    /// <summary>The file that is being staged; its name is the plan's.</summary>
    internal string Staged { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        var options = new LabOptions
        {
            TalosVersion = "v1.13.2",
            Nodes = [.. LabNodeOptions.Runbook.Where(node => node.Name == "ampone")],
        };
        _lab = await LabCluster.StartAsync(options);
        await using FileStream file = File.Create(Image, 1 << 20, FileOptions.None);
        LabImages.WriteUki(new LabUkiSpec { Size = Size }, file);
        file.Position = 0;
        _uki = await UkiReader.ReadAsync(file, new UkiReadOptions { Path = Image }, default);
    }

    /// <summary>The seconds from the beginning of the command that went wrong to the end of the swap.</summary>
    internal double Seconds { get; private set; }

    /// <summary>Swaps while something goes wrong.</summary>
    internal async Task SwapAsync(TalosNodeShellKind via, StagingFailure failure, bool copied, CancellationToken stop)
    {
        Reset(failure.AlreadyThere);
        string during = copied && failure.During == "stage" ? "copy" : failure.During;
        var script = new Script(this, failure, during);
        TimeSpan limit = failure.Stalls ? s_shortLimit : s_longLimit;
        using TalosClient talos = Connect(limit);
        using var kubernetes = KubernetesConnection.FromBytes(
            System.Text.Encoding.UTF8.GetBytes(_lab.Part<LabKubernetesPart>()!.AdminKubeconfig),
            "the lab"
        );
        kubernetes.ExecStallLimit = limit;
        var source = new UkiSwapSource(_uki, _ => Task.FromResult(failure.Source(File.OpenRead(Image))))
        {
            ContainerPath = copied ? Image : null,
        };
        INodeShell shell = await OpenAsync(via, talos.Node(Node.Address), kubernetes, script, stop);
        await using var session = new EspSession(shell, Device, script);
        UkiSwapPlan plan = await session.PlanAsync(EspFolder.Facts, source, new UkiSwapOptions(), stop);
        Assert.Equal(Path.GetFileName(Staged), plan.StagedName);
        try
        {
            await session.SwapAsync(plan, source, stop);
        }
        finally
        {
            script.End();
            Seconds = script.Seconds;
        }
    }

    internal void WriteLock(string owner) => File.WriteAllText(Lock, $"owner={owner}\nholder=pod/x/y\nboot=b\nup=1\n");

    internal static void Damage(string path)
    {
        using FileStream file = File.OpenWrite(path);
        file.Position = 1_234_567;
        file.Write([1, 2, 3, 4, 5, 6, 7, 8]);
    }

    /// <summary>Only the image of before is there, under its name.</summary>
    internal void AssertUntouched()
    {
        byte[] entry = File.ReadAllBytes(Path.Combine(Linux, EspFolder.Entry));
        Assert.Equal(EspFolder.Hash(EspFolder.Old), EspFolder.Hash(entry));
    }

    internal void AssertSwapped() =>
        Assert.Equal(Size, new FileInfo(Path.Combine(Linux, EspFolder.Entry)).Length, Size / 100.0);

    public async ValueTask DisposeAsync()
    {
        await _lab.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private TalosClient Connect(TimeSpan limit) =>
        TalosClient.Connect(
            TalosConfigFile.Parse(_lab.Part<LabTalosApi>()!.TalosConfig()).Context(),
            new TalosClientOptions { Connections = _connections, ContainerStallTimeout = limit }
        );

    private async Task<INodeShell> OpenAsync(
        TalosNodeShellKind via,
        TalosNodeClient node,
        KubernetesConnection kubernetes,
        IReporter reporter,
        CancellationToken stop
    ) =>
        await NodeShells.OpenAsync(
            node,
            kubernetes,
            new NodeShellRequest { Via = via, KubernetesNode = Node.Nodename },
            reporter,
            stop
        );

    private void Reset(int alreadyThere)
    {
        Faults.Programs = null;
        Staged = Path.Combine(Linux, Core.Boot.Esp.EspNames.Staged(EspFolder.Entry, _uki.Sha256!));
        foreach (string file in Directory.GetFiles(Linux))
            File.Delete(file);
        File.WriteAllBytes(Path.Combine(Linux, EspFolder.Entry), EspFolder.Old);
        if (alreadyThere == 0)
            return;
        byte[] beginning = new byte[alreadyThere];
        using FileStream image = File.OpenRead(Image);
        image.ReadExactly(beginning);
        File.WriteAllBytes(Staged, beginning);
    }

    private string Write(IReadOnlyDictionary<string, string> programs)
    {
        string folder = _folder.CreateSubdirectory(Path.GetRandomFileName()).FullName;
        foreach ((string name, string text) in programs)
        {
            string path = Path.Combine(folder, name);
            File.WriteAllText(path, $"#!/bin/sh\n{text}\n");
            if (!OperatingSystem.IsWindows())
                File.SetUnixFileMode(path, (UnixFileMode)0b111_101_101);
        }

        return folder;
    }

    /// <summary>Lets it go wrong once, at the command that is meant, and only as long as that lasts.</summary>
    private sealed class Script(StagingLab lab, StagingFailure failure, string during) : IReporter
    {
        private long _began;
        private bool _isOn;

        internal double Seconds => Stopwatch.GetElapsedTime(_began).TotalSeconds;

        public void Verbose(string message)
        {
            if (!message.Contains(": esp.sh ", StringComparison.Ordinal))
                return;
            End();
            bool first = _began == 0;
            if (!(first || failure.Always) || !message.Contains($"esp.sh {during} ", StringComparison.Ordinal))
                return;
            _isOn = true;
            if (first)
                _began = Stopwatch.GetTimestamp();
            lab.Faults.Programs = lab.Write(failure.Programs);
            failure.Happens(lab);
        }

        internal void End()
        {
            if (!_isOn)
                return;
            _isOn = false;
            lab.Faults.Programs = null;
            failure.Ends(lab);
        }

        public void Warning(string message) => Verbose(message);

        public void Progress(ProgressStep step) { }
    }
}
