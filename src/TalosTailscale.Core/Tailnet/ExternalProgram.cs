using System.ComponentModel;
using System.Diagnostics;

namespace TalosTailscale.Core.Tailnet;

/// <summary>What a program said.</summary>
internal sealed record ExternalProgramResult(int ExitCode, string Output, string Error, bool TimedOut);

/// <summary>Runs one of the few optional programs (op, git), with arguments as a list and never through a shell.</summary>
internal static class ExternalProgram
{
    private const int MaximumOutput = 64 * 1024;

    /// <summary>The program on the PATH, absolute; the current folder is not searched.</summary>
    public static string? Find(string name)
    {
        var names = OperatingSystem.IsWindows() ? new[] { name + ".exe" } : [name];
        foreach (var folder in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator))
            if (Path.IsPathFullyQualified(folder))
                foreach (var candidate in names)
                    if (File.Exists(Path.Combine(folder, candidate)))
                        return Path.Combine(folder, candidate);
        return null;
    }

    /// <summary>Runs it to its end; it is killed at the time-out and on cancellation.</summary>
    public static async Task<ExternalProgramResult> RunAsync(
        string program,
        IReadOnlyList<string> arguments,
        string? folder,
        TimeSpan timeout,
        CancellationToken cancellationToken
    )
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            CreateNoWindow = true,
            WorkingDirectory = folder ?? "",
        };
        using var process = new Process { StartInfo = start };
        try
        {
            process.Start();
        }
        catch (Win32Exception e)
        {
            return new ExternalProgramResult(-1, "", e.Message, TimedOut: false);
        }

        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(timeout);
        try
        {
            process.StandardInput.Close();
            var output = ReadAsync(process.StandardOutput, deadline.Token);
            var error = ReadAsync(process.StandardError, deadline.Token);
            await Task.WhenAll(output, error, process.WaitForExitAsync(deadline.Token)).ConfigureAwait(false);
            return new ExternalProgramResult(
                process.ExitCode,
                await output.ConfigureAwait(false),
                await error.ConfigureAwait(false),
                TimedOut: false
            );
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new ExternalProgramResult(-1, "", "", TimedOut: true);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }

    // Reads to the end so that the program never blocks, and keeps the beginning.
    private static async Task<string> ReadAsync(StreamReader reader, CancellationToken cancellationToken)
    {
        var kept = new System.Text.StringBuilder();
        var buffer = new char[4096];
        int read;
        while ((read = await reader.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
            kept.Append(buffer, 0, Math.Min(read, Math.Max(0, MaximumOutput - kept.Length)));
        return kept.ToString();
    }
}
