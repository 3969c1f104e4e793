using System.Diagnostics;
using System.Reflection;
using System.Text.Json;

namespace TalosTailscale.Pester;

/// <summary>Runs Pester files in processes of the pinned PowerShell, side by side.</summary>
internal static class PesterRun
{
    private static readonly Dictionary<string, string> s_places = typeof(PesterRun)
        .Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .ToDictionary(metadata => metadata.Key, metadata => metadata.Value!);

    private static string Tests => s_places["Tests"];

    // The variable names another version, which is in the package folder too.
    private static string Pester =>
        Path.Combine(
            s_places["Pester"],
            Environment.GetEnvironmentVariable("PESTER_VERSION") ?? s_places["PesterVersion"],
            "tools",
            "Pester.psd1"
        );

    private static string Acceptance => Path.Combine(Tests, "acceptance");

    /// <summary>All files that there are.</summary>
    public static IReadOnlyList<string> Files =>
        [
            .. new[] { Path.Combine(Tests, "cmdlets"), Acceptance }.SelectMany(folder =>
                Directory.EnumerateFiles(folder, "*.Tests.ps1").Order(StringComparer.Ordinal)
            ),
        ];

    /// <summary>Finds the tests without running any.</summary>
    public static void Discover(Action<PesterTest> found, CancellationToken cancel) =>
        RunProcess(Files, found, cancel, "-Discover");

    /// <summary>Runs files; each test is told as soon as its file is done.</summary>
    public static void Run(IReadOnlyCollection<string> files, Action<PesterTest> done, CancellationToken cancel)
    {
        var gate = new Lock();
        void Tell(PesterTest test)
        {
            lock (gate)
                done(test);
        }
        // The acceptance suite is one story, told in its order on one lab.
        string[] story =
        [
            .. files.Where(file => Path.GetDirectoryName(file) == Acceptance).Order(StringComparer.Ordinal),
        ];
        IEnumerable<Action> runs = Shares([.. files.Except(story)], Environment.ProcessorCount)
            .Select(share => (Action)(() => RunProcess(share, Tell, cancel)));
        if (story.Length > 0)
            runs = runs.Prepend(() => RunProcess(story, Tell, cancel, "-OnLab"));
        Parallel.Invoke(
            new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = cancel },
            [.. runs]
        );
    }

    // The largest first, each to the share that has least so far: a file's length tells best how long it takes.
    private static IEnumerable<IReadOnlyCollection<string>> Shares(IReadOnlyCollection<string> files, int count)
    {
        (List<string> Files, long Length)[] shares =
        [
            .. Enumerable.Repeat(0, count).Select(_ => (new List<string>(), 0L)),
        ];
        foreach (FileInfo file in files.Select(file => new FileInfo(file)).OrderByDescending(file => file.Length))
        {
            int least = Array.IndexOf(shares, shares.MinBy(share => share.Length));
            shares[least].Files.Add(file.FullName);
            shares[least].Length += file.Length;
        }
        return shares.Select(share => share.Files).Where(share => share.Count > 0);
    }

    private static void RunProcess(
        IEnumerable<string> files,
        Action<PesterTest> tell,
        CancellationToken cancel,
        params string[] options
    )
    {
        string folder = Directory.CreateTempSubdirectory("ts-pester-").FullName;
        try
        {
            string results = Path.Combine(folder, "results.jsonl");
            (int exitCode, string text) = Start(files, results, options, cancel);
            string[] lines = File.Exists(results) ? File.ReadAllLines(results) : [];
            foreach (string line in lines)
                tell(JsonSerializer.Deserialize<PesterTest>(line)!);
            // 0 and 1 are Pester's own; it ends with neither when something else ended it.
            if (exitCode is not (0 or 1) || lines.Length == 0)
                tell(
                    new PesterTest(
                        files.First(),
                        0,
                        "the process of Pester",
                        "Failed",
                        Message: $"It ended with {exitCode}: {text}"
                    )
                );
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static (int ExitCode, string Text) Start(
        IEnumerable<string> files,
        string results,
        string[] options,
        CancellationToken cancel
    )
    {
        string script = Path.Combine(Tests, "pester.ps1");
        var start = new ProcessStartInfo("dotnet")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Tests,
        };
        string[] arguments =
        [
            s_places["PowerShell"],
            "-NoLogo",
            "-NoProfile",
            "-NonInteractive",
            "-File",
            script,
            "-Pester",
            Pester,
            "-Result",
            results,
            "-Output",
            "None",
            .. options,
            "-Path",
            string.Join(Path.PathSeparator, files),
        ];
        foreach (string argument in arguments)
            start.ArgumentList.Add(argument);
        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        using CancellationTokenRegistration end = cancel.Register(() => process.Kill(entireProcessTree: true));
        Task<string> error = process.StandardError.ReadToEndAsync(CancellationToken.None);
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + error.Result);
    }
}
