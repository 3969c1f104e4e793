using System.Diagnostics;
using System.Runtime.InteropServices;

namespace TalosTailscale.Tests.Lab.Images;

/// <summary>Runs a tool of the system, to hear what somebody else's code says about our bytes.</summary>
internal static class HostTool
{
    public static async Task<string> RunAsync(string tool, params string[] arguments)
    {
        if (Find(tool) is not { } path)
        {
            Assert.Skip($"'{tool}' is not installed.");
            return "";
        }

        var start = new ProcessStartInfo(path, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["LC_ALL"] = "C";
        start.Environment["MTOOLSRC"] = "/dev/null";
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        var text = await output + await error;
        Assert.True(
            process.ExitCode == 0,
            $"{tool} {string.Join(' ', arguments)} ended with {process.ExitCode}:\n{text}"
        );
        return text;
    }

    private static string? Find(string tool)
    {
        if (RuntimeInformation.IsOSPlatform(OSPlatform.Windows))
            return null;
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Append("/usr/sbin").Append("/sbin");
        return folders.Select(f => Path.Combine(f, tool)).FirstOrDefault(File.Exists);
    }
}
