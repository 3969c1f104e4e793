using System.ComponentModel;
using System.Diagnostics;

namespace TalosTailscale.Tests.Images;

/// <summary>Runs a tool that tells facts independently of ours; skips the test where the tool is absent.</summary>
internal static class Tool
{
    public static async Task<(int ExitCode, string Output)> TryAsync(string tool, params string[] arguments)
    {
        var start = new ProcessStartInfo(tool) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        start.Environment["LC_ALL"] = "C.UTF-8";
        start.Environment["PATH"] = Environment.GetEnvironmentVariable("PATH") + ":/usr/sbin:/sbin";
        start.Environment["MTOOLS_SKIP_CHECK"] = "1";
        Process? process = null;
        try
        {
            process = Process.Start(start);
        }
        catch (Win32Exception)
        {
            Assert.Skip($"{tool} is not installed");
        }

        using (process)
        {
            var output = process!.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            return (process.ExitCode, await output + await errors);
        }
    }

    public static async Task<string> RunAsync(string tool, params string[] arguments)
    {
        var (code, output) = await TryAsync(tool, arguments);
        Assert.True(code == 0, $"{tool} ended with {code}: {output}");
        return output;
    }
}
