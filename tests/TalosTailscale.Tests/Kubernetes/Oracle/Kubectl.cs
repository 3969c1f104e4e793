using System.Diagnostics;
using System.Text.RegularExpressions;

namespace TalosTailscale.Tests.Kubernetes.Oracle;

/// <summary>The kubectl that is compared with.</summary>
internal static partial class Kubectl
{
    private const int LeastMinor = 32;

    /// <summary>Its path; skips the test where there is none, but fails it where CI is set.</summary>
    internal static string Find()
    {
        IEnumerable<string> folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        if (Environment.GetEnvironmentVariable("TALOSTAILSCALE_BOOT_PACKAGES") is { Length: > 0 } packages)
            folders = folders.Prepend(Path.Combine(packages, "kubectl", "usr", "bin"));
        if (!OperatingSystem.IsWindows())
            foreach (string path in folders.SelectMany(Candidates))
                if (IsNewEnough(path))
                    return path;
        string why = $"There is no kubectl of 1.{LeastMinor} or later.";
        if (Environment.GetEnvironmentVariable("CI") is { Length: > 0 } && OperatingSystem.IsLinux())
            Assert.Fail(why);
        Assert.Skip(why);
        return "";
    }

    internal static async Task<(int Code, string Output, string Error)> RunAsync(
        string kubectl,
        OracleCase one,
        params string[] arguments
    )
    {
        var start = new ProcessStartInfo(kubectl, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = one.Elsewhere,
        };
        start.Environment.Clear();
        start.Environment["PATH"] = "/usr/bin:/bin";
        start.Environment["HOME"] = one.Elsewhere;
        foreach ((string name, string value) in one.Variables)
            start.Environment[name] = value;
        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync(),
            error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output, await error);
    }

    // Some packages put a program in front that asks the server for its version first; theirs lie beside it.
    private static IEnumerable<string> Candidates(string folder)
    {
        string path = Path.Combine(folder, "kubectl");
        if (!File.Exists(path))
            return [];
        string real = new FileInfo(path).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? path;
        return
        [
            path,
            .. Directory.GetFiles(Path.GetDirectoryName(real)!, "kubectl.1.*").OrderDescending(StringComparer.Ordinal),
        ];
    }

    private static bool IsNewEnough(string path)
    {
        using Process process = Process.Start(
            new ProcessStartInfo(path, ["version", "--client"])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;
        string text = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return !text.Contains("dispatcher", StringComparison.Ordinal)
            && VersionRegex().Match(text) is { Success: true } found
            && int.Parse(found.Groups[1].ValueSpan, System.Globalization.CultureInfo.InvariantCulture) >= LeastMinor;
    }

    [GeneratedRegex(@"v1\.([0-9]+)\.")]
    private static partial Regex VersionRegex();
}
