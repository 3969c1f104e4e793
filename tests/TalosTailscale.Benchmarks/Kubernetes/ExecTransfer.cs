using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using TalosTailscale.Core.Boot.Esp;
using TalosTailscale.Core.Boot.NodeShell;
using TalosTailscale.Core.Kubernetes;
using TalosTailscale.Core.Reporting;
using TalosTailscale.Lab.Kubernetes;

namespace TalosTailscale.Benchmarks.Kubernetes;

/// <summary>
/// One file through exec, against <c>kubectl cp</c> and <c>kubectl exec -i … cat</c> on the same server, in turns, so that
/// whatever else the machine does hits all alike. Ours is what a swap does: staged by the node's program, mounted, flushed
/// and hashed on both ends; kubectl verifies nothing.
/// </summary>
internal static class ExecTransfer
{
    private const string Node = "bench-node";
    private const string Staged = "Talos.efi.new-0123456789ab";

    internal static async Task<IReadOnlyList<BenchmarkRow>> MeasureAsync(string[] args)
    {
        var megabytes = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 100;
        var rounds = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 21;
        var folder = Directory.CreateTempSubdirectory("exec-bench-").FullName;
        try
        {
            var esp = Directory.CreateDirectory(Path.Combine(folder, "esp", "EFI", "Linux")).Parent!.Parent!.FullName;
            var api = await LabKubernetesApi.StartAsync([new Machine(esp)], Path.Combine(folder, "pods"));
            await using (api)
                return await CompareAsync(api, folder, megabytes * 1_000_000L, rounds);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<IReadOnlyList<BenchmarkRow>> CompareAsync(
        LabKubernetesApi api,
        string folder,
        long size,
        int rounds
    )
    {
        var kubeconfig = Path.Combine(folder, "kubeconfig");
        await File.WriteAllTextAsync(kubeconfig, api.AdminKubeconfig);
        var file = Path.Combine(folder, "data");
        await WriteRandomAsync(file, size);
        using var connection = KubernetesConnection.Open(kubeconfig);
        await using var pod = await HelperPod.CreateAsync(
            connection,
            new HelperPodSpec { NodeName = Node, Image = PodNodeShell.DefaultImage },
            CancellationToken.None
        );
        await using var shell = await PodNodeShell.OpenAsync(
            (_, _, _) => Task.CompletedTask,
            connection,
            new HelperPodSpec { NodeName = Node, Image = PodNodeShell.DefaultImage },
            SilentReporter.Instance,
            CancellationToken.None
        );
        using var ownConnection = KubernetesConnection.OpenIn(
            kubeconfig,
            null,
            Environment.GetEnvironmentVariable,
            ownTls: true
        );
        await using var ownPod = await HelperPod.CreateAsync(
            ownConnection,
            new HelperPodSpec { NodeName = Node, Image = PodNodeShell.DefaultImage },
            CancellationToken.None
        );
        await using var ownShell = await PodNodeShell.OpenAsync(
            (_, _, _) => Task.CompletedTask,
            ownConnection,
            new HelperPodSpec { NodeName = Node, Image = PodNodeShell.DefaultImage },
            SilentReporter.Instance,
            CancellationToken.None
        );
        var ownVolume = new EspVolume(new EspProgram(ownShell, SilentReporter.Instance), "/dev/nvme0n1p1");
        var volume = new EspVolume(new EspProgram(shell, SilentReporter.Instance), "/dev/nvme0n1p1");
        await volume.ProbeAsync(CancellationToken.None);
        await ownVolume.ProbeAsync(CancellationToken.None);
        await volume.LockAsync("bench", CancellationToken.None);
        var ways = new (string Name, Func<Task> Run, List<(double Wall, double Cpu)> Seconds)[]
        {
            ("kubectl cp", () => KubectlAsync(kubeconfig, null, "cp", file, $"kube-system/{pod.Name}:{folder}/cp"), []),
            (
                "kubectl exec cat",
                () =>
                    KubectlAsync(
                        kubeconfig,
                        file,
                        "exec",
                        "-i",
                        "-n",
                        "kube-system",
                        pod.Name,
                        "--",
                        "sh",
                        "-c",
                        $"cat > {folder}/cat"
                    ),
                []
            ),
            ("ours, plain", () => SendAsync(pod, file, size, Path.Combine(folder, "plain")), []),
            ("ours, both ends hashed", () => StageAsync(volume, file, size), []),
            ("the same by our own TLS", () => StageAsync(ownVolume, file, size), []),
        };
        for (var round = 0; round <= rounds; round++)
        {
            for (var turn = 0; turn < ways.Length; turn++)
            {
                // Each way comes after each other one equally often.
                var (name, run, seconds) = ways[(round + turn) % ways.Length];
                if (name.StartsWith("kubectl", StringComparison.Ordinal) && !Peer.Has("kubectl"))
                    continue;
                // Ours makes the disk write; what the others left to be written is none of its work.
                using (var sync = Process.Start("sync"))
                    await sync.WaitForExitAsync();
                var (watch, before) = (Stopwatch.StartNew(), CpuSeconds());
                await run();
                if (round > 0) // the first warms up
                    seconds.Add((watch.Elapsed.TotalSeconds, CpuSeconds() - before));
                await volume.RemoveAsync("bench", Staged, CancellationToken.None);
            }
        }
        Console.WriteLine(
            $"{size / 1_000_000} MB, {rounds} rounds in turns, median (min – max), seconds; CPU of client, server and node program:"
        );
        foreach (var (name, _, seconds) in ways)
        {
            if (seconds.Count > 0)
                Console.WriteLine(
                    $"  {name, -24} {Line(seconds.Select(s => s.Wall))}; CPU {Line(seconds.Select(s => s.Cpu))}"
                );
        }

        using var self = Process.GetCurrentProcess();
        var (cp, cat, hashed, own) = (Median(0), Median(1), Median(3), Median(4));
        var what = $"{size / 1_000_000} MB through exec, hashed on both ends";
        return
        [
            new(
                6,
                what,
                Figures.Milliseconds(hashed),
                Peer.Figure("kubectl cp", cp),
                "no slower",
                Peer.Within(hashed, 1, cp)
            ),
            new(
                6,
                what,
                Figures.Milliseconds(hashed),
                Peer.Figure("kubectl exec cat", cat),
                "1.3 ×",
                Peer.Within(hashed, 1.3, cat)
            ),
            new(
                22,
                what + ", by our own TLS",
                Figures.Milliseconds(own),
                Peer.Figure("the system's TLS", hashed),
                "1.3 ×",
                Peer.Within(own, 1.3, hashed)
            ),
            new(
                22,
                what + ", by our own TLS",
                Figures.Milliseconds(own),
                Peer.Figure("kubectl cp", cp),
                "no slower",
                Peer.Within(own, 1, cp)
            ),
            new(6, "… peak memory of client and server together", Figures.Megabytes(self.PeakWorkingSet64)),
        ];

        double Median(int way) => Figures.Median([.. ways[way].Seconds.Select(s => s.Wall)]) * 1000;
    }

    private static string Line(IEnumerable<double> seconds)
    {
        double[] sorted = [.. seconds.Order()];
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{sorted[sorted.Length / 2]:0.00} ({sorted[0]:0.00} – {sorted[^1]:0.00})"
        );
    }

    // Of this process, which is client and server, and of what it started and waited for: kubectl, the pod's programs.
    private static double CpuSeconds()
    {
        const int TicksPerSecond = 100;
        var stat = File.ReadAllText("/proc/self/stat");
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return fields[11..15].Sum(f => double.Parse(f, CultureInfo.InvariantCulture)) / TicksPerSecond;
    }

    private static async Task StageAsync(EspVolume volume, string file, long size)
    {
        using var input = new HashedFile(file, hash: true);
        var there = await volume.StageAsync("bench", Staged, size, 0, input, CancellationToken.None);
        if (!there.Equals(await input.HashAsync(), StringComparison.OrdinalIgnoreCase))
            throw new InvalidDataException($"the hash there is {there}");
    }

    private static async Task SendAsync(HelperPod pod, string file, long size, string target)
    {
        using var input = new HashedFile(file, hash: false);
        using var output = new MemoryStream();
        const string program = "head -c \"$0\" >\"$1\"";
        var code = await pod.ExecAsync(
            ["sh", "-c", program, size.ToString(CultureInfo.InvariantCulture), target],
            input,
            output,
            Stream.Null,
            CancellationToken.None
        );
        if (code != 0)
            throw new InvalidDataException($"exit code {code}");
    }

    private static async Task KubectlAsync(string kubeconfig, string? input, params string[] arguments)
    {
        // Through a shell, so that kubectl reads the file itself and not a pipe of ours.
        var start = new ProcessStartInfo(
            "sh",
            ["-c", input is null ? "exec kubectl \"$@\"" : $"exec kubectl \"$@\" < '{input}'", "kubectl", .. arguments]
        );
        start.Environment["KUBECONFIG"] = kubeconfig;
        using var process = Process.Start(start)!;
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"kubectl ended with {process.ExitCode}");
    }

    private static async Task WriteRandomAsync(string file, long size)
    {
        await using var stream = File.Create(file);
        var buffer = new byte[1 << 20];
        for (var left = size; left > 0; left -= buffer.Length)
        {
            RandomNumberGenerator.Fill(buffer);
            await stream.WriteAsync(buffer.AsMemory(0, (int)Math.Min(left, buffer.Length)));
        }
    }

    private sealed class Machine(string esp) : ILabKubernetesNode
    {
        public LabKubernetesNodeFacts Facts { get; } =
            new()
            {
                Name = Node,
                Architecture = "amd64",
                Addresses = "192.168.1.1",
                OsImage = "Talos (v1.12.4)",
                EspDirectory = esp,
            };
    }

    /// <summary>A file that is hashed while it is read.</summary>
    private sealed class HashedFile(string path, bool hash)
        : FileStream(
            path,
            FileMode.Open,
            FileAccess.Read,
            FileShare.Read,
            1,
            FileOptions.Asynchronous | FileOptions.SequentialScan
        )
    {
        private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        private Task _hashing = Task.CompletedTask;

        public override async ValueTask<int> ReadAsync(
            Memory<byte> buffer,
            CancellationToken cancellationToken = default
        )
        {
            // What is being sent is hashed meanwhile; the sender does not write into it, and reads into it only after both.
            await _hashing;
            var read = await base.ReadAsync(buffer, cancellationToken);
            if (hash)
                _hashing = Task.Run(() => _hash.AppendData(buffer.Span[..read]), CancellationToken.None);
            return read;
        }

        internal async Task<string> HashAsync()
        {
            await _hashing;
            return Convert.ToHexString(_hash.GetHashAndReset());
        }

        protected override void Dispose(bool disposing)
        {
            _hash.Dispose();
            base.Dispose(disposing);
        }
    }
}
