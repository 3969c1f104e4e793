using System.Management.Automation;
using System.Management.Automation.Runspaces;
using TalosTailscale.Lab;

namespace TalosTailscale.Rehearsal;

/// <summary>The embedded PowerShell engine with the module imported, as at a prompt.</summary>
internal sealed class RehearsalEngine : IDisposable
{
    private readonly ConsoleHost _host;
    private readonly Runspace _runspace;

    private RehearsalEngine(ConsoleHost host, Runspace runspace)
    {
        _host = host;
        _runspace = runspace;
    }

    /// <summary>Opens a session.</summary>
    /// <param name="manifest">The module's manifest.</param>
    /// <param name="lab">The lab, for the script's <c>$Lab</c>.</param>
    public static RehearsalEngine Open(string manifest, LabCluster lab)
    {
        bool terminal = !Console.IsOutputRedirected;
        bool colour = terminal && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
        var host = new ConsoleHost(Console.Out, Console.Error, interactive: terminal, colour);
        Runspace runspace = RunspaceFactory.CreateRunspace(host, InitialSessionState.CreateDefault2());
        runspace.Open();
        runspace.SessionStateProxy.SetVariable("Lab", lab);
        using var import = PowerShell.Create(runspace);
        import.AddCommand("Import-Module").AddParameter("Name", manifest).AddParameter("ErrorAction", "Stop").Invoke();
        return new RehearsalEngine(host, runspace);
    }

    /// <summary>Plays a script; output and errors go through the module's views, checks are counted.</summary>
    /// <param name="script">The script.</param>
    /// <param name="cancellationToken">Stops it, as Ctrl+C does at a prompt.</param>
    public ScriptOutcome Run(RehearsalScript script, CancellationToken cancellationToken)
    {
        var tally = new CheckTally();
        _runspace.SessionStateProxy.SetVariable("Fault", script.Fault);
        _runspace.SessionStateProxy.SetVariable("RehearsalTally", tally);
        using var shell = PowerShell.Create(_runspace);
        shell.AddScript(script.Text, useLocalScope: false);
        shell.Commands.Commands[0].MergeMyResults(PipelineResultTypes.Error, PipelineResultTypes.Output);
        shell.AddScript(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Scripts", "screen.ps1")));
        using CancellationTokenRegistration stop = cancellationToken.Register(() => shell.BeginStop(null, null));
        try
        {
            shell.Invoke();
        }
        catch (RuntimeException exception) when (exception is not PipelineStoppedException)
        {
            tally.Count(exception.ErrorRecord);
            using var show = PowerShell.Create(_runspace);
            show.AddCommand("Out-Default").Invoke(new[] { exception.ErrorRecord });
        }

        return tally.Outcome(script.MustCheck, _host.ExitCode);
    }

    public void Dispose() => _runspace.Dispose();
}
