using System.Diagnostics;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Text.Json;

namespace TalosTailscale.Benchmarks;

/// <summary>
/// What <c>Import-Module</c> adds to an engine that is warm, each time in a process of its own:
/// <c>dotnet run -c Release -- startup [ROUNDS]</c>. The peer is the import of a script module that does nothing.
/// </summary>
internal static class StartupBenchmark
{
    private const int Bar = 120;
    private const string Child = "CHILD";

    public static async Task<IReadOnlyList<BenchmarkRow>> MeasureAsync(string[] args)
    {
        if (args is [Child, ..])
        {
            Console.WriteLine(JsonSerializer.Serialize(ImportOnce()));
            return [];
        }

        var rounds = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 9;
        var imports = new List<Import>();
        for (var round = 0; round <= rounds; round++)
        {
            var import = await InChildAsync();
            if (round > 0)
                imports.Add(import); // The first brings the files into the cache.
        }

        Console.WriteLine($"Loaded by the import: {string.Join(", ", imports[0].Assemblies)}");
        var module = Figures.Median(imports.Select(import => import.Module));
        var dependencies = imports[0]
            .Assemblies.Where(name =>
                !name.StartsWith("TalosTailscale", StringComparison.Ordinal)
                && !name.StartsWith("System.", StringComparison.Ordinal)
                && !name.StartsWith("Microsoft.", StringComparison.Ordinal)
            )
            .ToArray();
        return
        [
            new(
                9,
                $"Import-Module into a warm engine ({Checkout.Code})",
                Figures.Milliseconds(module),
                $"an empty script module: {Figures.Milliseconds(Figures.Median(imports.Select(import => import.Empty)))}",
                $"{Bar} ms",
                module < Bar
            ),
            new(
                9,
                "first Get-TsNode after it",
                Figures.Milliseconds(Figures.Median(imports.Select(import => import.FirstCall)))
            ),
            new(
                9,
                "dependencies loaded by the import",
                dependencies.Length == 0 ? "none" : string.Join(", ", dependencies),
                Bar: "none",
                Met: dependencies.Length == 0
            ),
            new(
                9,
                "completion of a node's name, first",
                Figures.Milliseconds(Figures.Median(imports.Select(import => import.FirstTab))),
                Bar: "50 ms",
                Met: Figures.Median(imports.Select(import => import.FirstTab)) < 50
            ),
            new(
                9,
                "completion of a node's name, next",
                Figures.Milliseconds(Figures.Median(imports.Select(import => import.NextTab))),
                Bar: "50 ms",
                Met: Figures.Median(imports.Select(import => import.NextTab)) < 50
            ),
        ];
    }

    private static Import ImportOnce()
    {
        var root = Checkout.Root;
        Environment.SetEnvironmentVariable("TALOSTAILSCALE_DEVICES", Path.Combine(root, "devices"));
        var empty = Directory.CreateTempSubdirectory("ts-empty-").FullName;
        File.WriteAllText(Path.Combine(empty, "warm.psm1"), "function Get-Warm { }");
        File.WriteAllText(Path.Combine(empty, "empty.psm1"), "function Get-Empty { }");
        using var runspace = RunspaceFactory.CreateRunspace(InitialSessionState.CreateDefault2());
        runspace.Open();
        try
        {
            // Warm: the parser, the pipeline, Import-Module itself, command discovery and completion have run once.
            Run(
                runspace,
                "param($m) Import-Module $m; Get-Warm; Get-Command Get-Warm | Out-Null",
                Path.Combine(empty, "warm.psm1")
            );
            Tab("Get-Warm -");
            var nothing = Run(runspace, "param($m) Import-Module $m", Path.Combine(empty, "empty.psm1"));
            var before = AppDomain.CurrentDomain.GetAssemblies().ToHashSet();
            var module = Run(runspace, "param($m) Import-Module $m", Checkout.Manifest);
            string[] loaded =
            [
                .. AppDomain
                    .CurrentDomain.GetAssemblies()
                    .Except(before)
                    .Select(a => a.GetName().Name!)
                    .Order(StringComparer.Ordinal),
            ];
            var tabs = new[] { Tab("Get-TalosService -Node am"), Tab("Get-TalosService -Node al") };
            return new Import(nothing, module, Run(runspace, "param($m) Get-TsNode", ""), tabs[0], tabs[1], loaded);
        }
        finally
        {
            Directory.Delete(empty, recursive: true);
        }

        double Tab(string line)
        {
            using var shell = PowerShell.Create(runspace);
            var watch = Stopwatch.StartNew();
            CommandCompletion.CompleteInput(line, line.Length, null, shell);
            return watch.Elapsed.TotalMilliseconds;
        }
    }

    private static double Run(Runspace runspace, string script, string module)
    {
        using var shell = PowerShell.Create(runspace);
        shell.AddScript(script).AddParameter("m", module);
        var watch = Stopwatch.StartNew();
        shell.Invoke();
        var elapsed = watch.Elapsed.TotalMilliseconds;
        return shell.Streams.Error is [var error, ..] ? throw error.Exception : elapsed;
    }

    private static async Task<Import> InChildAsync()
    {
        var host = Environment.ProcessPath!;
        string[] assembly =
            Path.GetFileNameWithoutExtension(host) == "dotnet" ? [typeof(StartupBenchmark).Assembly.Location] : [];
        using var process = Process.Start(
            new ProcessStartInfo(host, [.. assembly, "startup", Child]) { RedirectStandardOutput = true }
        )!;
        var line = await process.StandardOutput.ReadLineAsync();
        await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return JsonSerializer.Deserialize<Import>(line ?? "null")
            ?? throw new InvalidOperationException($"The import ended with {process.ExitCode}.");
    }

    private sealed record Import(
        double Empty,
        double Module,
        double FirstCall,
        double FirstTab,
        double NextTab,
        string[] Assemblies
    );
}
