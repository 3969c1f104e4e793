using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Management.Automation.Runspaces;

namespace TalosTailscale.Tests.Engine;

/// <summary>
/// A session of the real PowerShell engine with the built module imported as a user would. The hosted engine has only
/// its Core cmdlets. Sessions are independent of each other, so tests may run side by side.
/// </summary>
internal sealed class PowerShellSession : IDisposable
{
    private readonly Runspace _runspace;

    private PowerShellSession(Runspace runspace) => _runspace = runspace;

    public Runspace Runspace => _runspace;

    /// <summary>Opens a session.</summary>
    /// <param name="defaults">
    /// Values for <c>$PSDefaultParameterValues</c> by parameter name (<c>TalosConfig</c>, <c>KubeConfig</c> …), which is how
    /// a test points the cmdlets at its own lab without touching the process environment.
    /// </param>
    /// <param name="importModule">False to open a bare session.</param>
    /// <param name="host">A screen to write to and to be asked by; none when not given.</param>
    public static PowerShellSession Create(
        IReadOnlyDictionary<string, object>? defaults = null,
        bool importModule = true,
        PSHost? host = null
    )
    {
        InitialSessionState state = InitialSessionState.CreateDefault2();
        Runspace runspace = host is null
            ? RunspaceFactory.CreateRunspace(state)
            : RunspaceFactory.CreateRunspace(host, state);
        runspace.Open();
        var session = new PowerShellSession(runspace);
        if (importModule)
            session.Invoke("param($m) Import-Module $m", ("m", Repository.Manifest)).AssertNoErrors();
        if (defaults is not null)
        {
            var values = new DefaultParameterDictionary();
            foreach ((string name, object value) in defaults)
                values.Add("*:" + name, value);
            runspace.SessionStateProxy.SetVariable("PSDefaultParameterValues", values);
        }

        return session;
    }

    /// <summary>Runs a script to its end and collects every stream; what a cmdlet wrote has to be what it declares.</summary>
    /// <param name="script">The script; declare <c>param(…)</c> for the values.</param>
    /// <param name="values">Values bound by name.</param>
    public PowerShellResult Invoke(string script, params (string Name, object? Value)[] values)
    {
        using PowerShell shell = Prepare(script, values);
        PowerShellResult result = Collect(shell, () => shell.Invoke());
        DeclaredOutput.Check(script, result.Output);
        return result;
    }

    /// <summary>Starts a script and stops it, as Ctrl+C does, when <paramref name="stopWhen"/> completes.</summary>
    public async Task<PowerShellResult> InvokeAndStopAsync(
        string script,
        Func<Task> stopWhen,
        params (string Name, object? Value)[] values
    )
    {
        using PowerShell shell = Prepare(script, values);
        using var output = new PSDataCollection<PSObject>();
        IAsyncResult running = shell.BeginInvoke<PSObject, PSObject>(null, output);
        await Task.WhenAny(stopWhen(), Task.Factory.FromAsync(running, _ => { })).ConfigureAwait(false);
        await Task.Factory.FromAsync(shell.BeginStop(null, null), shell.EndStop).ConfigureAwait(false);
        return Collect(shell, () => output);
    }

    public void Dispose() => _runspace.Dispose();

    private PowerShell Prepare(string script, (string Name, object? Value)[] values)
    {
        var shell = PowerShell.Create(_runspace);
        shell.AddScript(script, useLocalScope: false);
        foreach ((string name, object? value) in values)
            shell.AddParameter(name, value);
        return shell;
    }

    private static PowerShellResult Collect(PowerShell shell, Func<ICollection<PSObject>> run)
    {
        ICollection<PSObject> output = [];
        ErrorRecord? terminating = null;
        try
        {
            output = run();
        }
        catch (RuntimeException exception) when (exception is not PipelineStoppedException)
        {
            terminating = exception.ErrorRecord;
        }

        List<ErrorRecord> errors = [.. shell.Streams.Error];
        if (terminating is not null)
            errors.Add(terminating);

        // Most cmdlets that people know are not in this engine: a script that stops at one shows nothing about ours.
        if (errors.Find(error => error.Exception is CommandNotFoundException) is { } unknown)
            throw new InvalidOperationException(
                $"A script under test calls what this engine lacks: {unknown.Exception.Message}",
                unknown.Exception
            );
        return new PowerShellResult(
            [.. output],
            errors,
            [.. shell.Streams.Warning.Select(w => w.Message)],
            [.. shell.Streams.Verbose.Select(v => v.Message)],
            [.. shell.Streams.Debug.Select(d => d.Message)],
            [.. shell.Streams.Information.Select(i => i.ToString())],
            [.. shell.Streams.Progress],
            Host: ""
        )
        {
            Terminating = terminating,
        };
    }
}
