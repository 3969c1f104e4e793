using System.Diagnostics;
using System.Text.Json;

namespace TalosTailscale.Benchmarks.Rollout;

/// <summary>An operator's process, as whoever started it sees it.</summary>
internal sealed class LabOperator : IDisposable
{
    private static readonly Lazy<bool> s_canMove = new(() =>
    {
        if (!File.Exists("/usr/bin/unshare"))
            return false;
        using Process? probe = Process.Start(
            new ProcessStartInfo("unshare", ["--uts", "hostname", "elsewhere"]) { RedirectStandardError = true }
        );
        probe?.WaitForExit();
        return probe?.ExitCode == 0;
    });

    private readonly Process _process;

    private LabOperator(Process process) => _process = process;

    /// <summary>Whether operators can be made to believe that they run on a machine of another name.</summary>
    public static bool CanMove => s_canMove.Value;

    /// <summary>Starts one.</summary>
    /// <param name="order">The file of its order.</param>
    /// <param name="machine">The name of the machine that it believes to run on; null for this one's.</param>
    public static LabOperator Start(string order, string? machine)
    {
        string host = Environment.ProcessPath!;
        string[] assembly =
            Path.GetFileNameWithoutExtension(host) == "dotnet" ? [typeof(LabOperator).Assembly.Location] : [];
        string[] command = [host, .. assembly, "fleet-operator", order];
        if (machine is not null)
            command = ["unshare", "--uts", "sh", "-c", "hostname \"$0\" && exec \"$@\"", machine, .. command];
        return new LabOperator(
            Process.Start(
                new ProcessStartInfo(command[0], command[1..])
                {
                    RedirectStandardInput = true,
                    RedirectStandardOutput = true,
                }
            )!
        );
    }

    /// <summary>What it says, until it is no more. A line that its death has torn is none.</summary>
    public async IAsyncEnumerable<OperatorLine> LinesAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (Read(line) is { } whole)
                yield return whole;
        }

        await _process.WaitForExitAsync();
    }

    /// <summary>Asks it to stop, as by Ctrl+C.</summary>
    public void Cancel() => _process.StandardInput.Close();

    /// <summary>SIGKILL: it does nothing more, from this instant on.</summary>
    public void Kill() => _process.Kill();

    private static OperatorLine? Read(string line)
    {
        try
        {
            return JsonSerializer.Deserialize<OperatorLine>(line);
        }
        catch (JsonException)
        {
            return null; // torn
        }
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.Dispose();
    }
}
