using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace TalosTailscale.Benchmarks;

/// <summary>
/// What <c>Import-Module</c> adds to an engine that is warm, each time in a process of its own:
/// <c>dotnet run -c Release -- startup [ROUNDS]</c>. The peer is the import of a script module that does nothing.
/// </summary>
internal static class StartupBenchmark
{
    private const int Bar = 120;

    public static async Task<IReadOnlyList<BenchmarkRow>> MeasureAsync(string[] args)
    {
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

    // In the engine that users have: that of the tool is compiled ahead, that of the library package is not.
    private static async Task<Import> InChildAsync()
    {
        string script = Path.Combine(AppContext.BaseDirectory, "startup.ps1");
        using var process = Process.Start(
            new ProcessStartInfo(
                "dotnet",
                ["pwsh", "-NoProfile", "-NonInteractive", "-File", script, "-Manifest", Checkout.Manifest]
            )
            {
                RedirectStandardOutput = true,
                WorkingDirectory = Checkout.Root,
            }
        )!;
        string json = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 && JsonSerializer.Deserialize<Import>(json) is { } import
            ? import
            : throw new InvalidOperationException(
                $"The import ended with {process.ExitCode}; 'dotnet tool restore' brings the PowerShell that it needs."
            );
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
