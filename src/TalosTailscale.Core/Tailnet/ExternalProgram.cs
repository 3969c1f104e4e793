using System.ComponentModel;
using System.Diagnostics;

namespace TalosTailscale.Core.Tailnet;

/// <summary>What a program said.</summary>
internal sealed record ExternalProgramResult(int ExitCode, string Output, string Error, bool TimedOut);

/// <summary>
/// Runs one of the few optional programs (op, git, a kubeconfig's plugin), with arguments as a list and never through a shell.
/// </summary>
internal static class ExternalProgram
{
    private const int MaximumOutput = 256 * 1024;

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

    /// <summary>Runs it to its end; it is killed with its children at the time-out and on cancellation.</summary>
    /// <param name="program">Path of the program.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="folder">The folder that it runs in; null for the current one.</param>
    /// <param name="timeout">How long it may take.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <param name="environment">Variables besides those of this process.</param>
    /// <param name="terminal">True to let it ask at the terminal and to show there what it writes to standard error.</param>
    public static async Task<ExternalProgramResult> RunAsync(
        string program,
        IReadOnlyList<string> arguments,
        string? folder,
        TimeSpan timeout,
        CancellationToken cancellationToken,
        IEnumerable<KeyValuePair<string, string>>? environment = null,
        bool terminal = false
    )
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = !terminal,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            CreateNoWindow = !terminal,
            WorkingDirectory = folder ?? "",
        };
        foreach (var (name, value) in environment ?? [])
            start.Environment[name] = value;
        cancellationToken.ThrowIfCancellationRequested();
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
            if (!terminal)
                process.StandardInput.Close();
            var output = ReadAsync(process.StandardOutput, null, deadline.Token);
            var error = ReadAsync(process.StandardError, terminal ? Console.Error : null, deadline.Token);
            // Reading a pipe cannot be cancelled on every system: a child that keeps it open must not keep us.
            await Task.WhenAll(output, error, process.WaitForExitAsync(deadline.Token))
                .WaitAsync(deadline.Token)
                .ConfigureAwait(false);
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
    private static async Task<string> ReadAsync(
        StreamReader reader,
        TextWriter? shownAt,
        CancellationToken cancellationToken
    )
    {
        var kept = new System.Text.StringBuilder();
        var buffer = new char[4096];
        int read;
        while ((read = await reader.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
        {
            kept.Append(buffer, 0, Math.Min(read, Math.Max(0, MaximumOutput - kept.Length)));
            if (shownAt is not null)
                await shownAt.WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
        }

        return kept.ToString();
    }
}
