using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using TalosTailscale.Core.Images;
using TalosTailscale.Core.Reporting;
using TalosTailscale.Lab.Images;

namespace TalosTailscale.Benchmarks;

/// <summary>
/// Taking a 110 MB UKI out of a 240 MB ISO against <c>dd</c> of the same bytes and <c>bsdtar -xf</c> with <c>cp</c>, in one
/// run and in turns, so that all meet the same machine: <c>dotnet run -c Release -- images [ROUNDS]</c>.
/// </summary>
internal static class ImagesBenchmarks
{
    private const long UkiSize = 110_000_000;

    public static async Task<IReadOnlyList<BenchmarkRow>> MeasureAsync(string[] args)
    {
        var rounds = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 9;
        var folder = Directory.CreateTempSubdirectory("ts-bench-");
        try
        {
            var iso = Path.Combine(folder.FullName, "talos.iso");
            await using (var file = File.Create(iso))
                LabImages.WriteIso(new LabUkiSpec { Size = UkiSize }, file);
            var uki = Path.Combine(folder.FullName, "Talos.efi");
            var place = (await UkiFinder.FindAsync(iso)).Single();
            await ExportAsync(place, uki);
            Console.WriteLine(
                $"ISO {new FileInfo(iso).Length:N0} bytes, UKI {place.Size:N0} bytes, {rounds} rounds, median and fastest in ms"
            );
            var times = await CompareAsync(folder.FullName, iso, uki, place, rounds);
            var (export, dd, tools) = (
                times["Export-Uki with search"],
                times["dd of the same bytes"],
                times["bsdtar -xf, cp"]
            );
            var inspect = times["Get-Uki -NoHash of the ISO"];
            const string what = "a 110 MB UKI out of a 240 MB ISO";
            return
            [
                new(
                    5,
                    what,
                    Figures.Milliseconds(export),
                    Peer.Figure("dd", dd),
                    "1.3 ×",
                    Peer.Within(export, 1.3, dd)
                ),
                new(
                    5,
                    what,
                    Figures.Milliseconds(export),
                    Peer.Figure("bsdtar -xf and cp", tools),
                    "half",
                    Peer.Within(export, 0.5, tools)
                ),
                new(5, "inspect that UKI, no hash", Figures.Milliseconds(inspect), Bar: "50 ms", Met: inspect < 50),
                new(5, "inspect it with its hash", Figures.Milliseconds(times["Get-Uki of the UKI"])),
                .. await MeasureMemoryAsync(iso, uki),
            ];
        }
        finally
        {
            folder.Delete(true);
        }
    }

    private static async Task<IReadOnlyDictionary<string, double>> CompareAsync(
        string folder,
        string iso,
        string uki,
        UkiLocation place,
        int rounds
    )
    {
        var offset = await OffsetAsync(place, iso);
        var copy = Path.Combine(folder, "copy.efi");
        var tree = Directory.CreateDirectory(Path.Combine(folder, "tree")).FullName;
        var cases = new (string Name, Func<Task> Run)[]
        {
            ("dd of the same bytes", () =>
                ToolAsync(
                    "dd",
                    $"if={iso}",
                    $"of={copy}",
                    "bs=1M",
                    "iflag=skip_bytes,count_bytes",
                    $"skip={offset}",
                    $"count={place.Size}",
                    "status=none"
                )
            ),
            ("bsdtar -xf, cp", async () =>
            {
                await ToolAsync("bsdtar", "-C", tree, "-xf", iso);
                await ToolAsync("cp", Path.Combine(tree, place.Location!), copy);
            }),
            ("Export-Uki", () => ExportAsync(place, copy)),
            ("Export-Uki with search", async () => await ExportAsync((await UkiFinder.FindAsync(iso)).Single(), copy)),
            ("Get-Uki -NoHash of the ISO", () => ReadAsync(iso, hash: false)),
            ("Get-Uki -NoHash of the UKI", () => ReadAsync(uki, hash: false)),
            ("Get-Uki of the UKI", () => ReadAsync(uki, hash: true)),
        };
        var times = cases.Select(_ => new List<double>()).ToArray();
        for (var round = 0; round <= rounds; round++)
        {
            for (var i = 0; i < cases.Length; i++)
            {
                File.Delete(copy);
                if (Directory.Exists(tree))
                    Directory.Delete(tree, true);
                Directory.CreateDirectory(tree);
                var watch = Stopwatch.StartNew();
                try
                {
                    await cases[i].Run();
                }
                catch (Win32Exception)
                {
                    continue; // The tool is not there.
                }

                if (round > 0)
                    times[i].Add(watch.Elapsed.TotalMilliseconds); // The first round is the warm-up.
            }
        }

        for (var i = 0; i < cases.Length; i++)
        {
            var sorted = times[i].Order().ToList();
            Console.WriteLine(
                sorted.Count == 0
                    ? $"{cases[i].Name, -28} not measured: the tool is absent"
                    : string.Create(
                        CultureInfo.InvariantCulture,
                        $"{cases[i].Name, -28} {sorted[sorted.Count / 2], 8:F1} {sorted[0], 8:F1}"
                    )
            );
        }

        return cases.Zip(times).ToDictionary(pair => pair.First.Name, pair => Figures.Median(pair.Second));
    }

    /// <summary>Exports once and prints by how much resident and private memory grew at the peak, in KiB.</summary>
    public static async Task<int> PrintPeakAsync(string iso, string target)
    {
        var place = (await UkiFinder.FindAsync(iso)).Single();
        await File.WriteAllTextAsync("/proc/self/clear_refs", "5"); // Resets the peak.
        var (resident, anonymous) = (StatusKiB("VmRSS"), StatusKiB("RssAnon"));
        var most = anonymous;
        using var stop = new CancellationTokenSource();
        var watching = Task.Run(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                most = Math.Max(most, StatusKiB("RssAnon"));
                Thread.Sleep(2);
            }
        });
        await ExportAsync(place, target);
        await stop.CancelAsync();
        await watching;
        Console.WriteLine($"{StatusKiB("VmHWM") - resident} {most - anonymous}");
        return 0;
    }

    // In a process of its own that has exported nothing yet: here buffers and heap would be warm and cost nothing more.
    private static async Task<BenchmarkRow[]> MeasureMemoryAsync(string iso, string target)
    {
        if (!File.Exists("/proc/self/clear_refs"))
            return [];
        var host = Environment.ProcessPath!;
        string[] assembly =
            Path.GetFileNameWithoutExtension(host) == "dotnet" ? [typeof(ImagesBenchmarks).Assembly.Location] : [];
        var start = new ProcessStartInfo(host, [.. assembly, "images-memory", iso, target])
        {
            RedirectStandardOutput = true,
        };
        using var process = Process.Start(start)!;
        var words = (await process.StandardOutput.ReadToEndAsync()).Split(' ');
        await process.WaitForExitAsync();
        var (resident, anonymous) = (
            long.Parse(words[0], CultureInfo.InvariantCulture) * 1024,
            long.Parse(words[1], CultureInfo.InvariantCulture) * 1024
        );
        return
        [
            new(
                5,
                "peak private memory above the idle process",
                Figures.Megabytes(anonymous),
                Bar: "16 MiB",
                Met: anonymous < 16 << 20
            ),
            new(5, "the same, code that is paged in for the first time included", Figures.Megabytes(resident)),
        ];
    }

    private static long StatusKiB(string field) =>
        long.Parse(
            File.ReadLines("/proc/self/status")
                .First(l => l.StartsWith(field, StringComparison.Ordinal))
                .Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1],
            CultureInfo.InvariantCulture
        );

    private static Task ExportAsync(UkiLocation place, string target) =>
        UkiExporter.ExportAsync(place, target, false, true, SilentReporter.Instance);

    private static async Task ReadAsync(string path, bool hash)
    {
        foreach (var place in await UkiFinder.FindAsync(path))
            await place.ReadAsync(new UkiReadOptions { Hash = hash });
    }

    // dd needs to know where the UKI is.
    private static async Task<long> OffsetAsync(UkiLocation place, string iso)
    {
        var file = new byte[4096];
        await using (var uki = await place.OpenAsync())
            await uki.ReadExactlyAsync(file);
        await using var image = File.OpenRead(iso);
        for (var at = 0L; at < image.Length; at += 2048)
        {
            var block = new byte[4096];
            image.Position = at;
            if (
                await image.ReadAtLeastAsync(block, block.Length, false) == block.Length
                && block.AsSpan().SequenceEqual(file)
            )
                return at;
        }

        throw new InvalidOperationException("The UKI is not in one piece in the ISO.");
    }

    private static async Task ToolAsync(string tool, params string[] arguments)
    {
        using var process = Process.Start(tool, arguments);
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{tool} ended with {process.ExitCode}.");
    }
}
