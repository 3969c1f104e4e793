using System.Management.Automation;
using System.Management.Automation.Runspaces;
using TalosTailscale.Tests.Engine;

namespace TalosTailscale.Tests.Views;

/// <summary>Sessions with the module imported, one for each width of the screen.</summary>
public sealed class Screens : IDisposable
{
    private readonly Dictionary<int, (ScreenHost Host, Runspace Runspace)> _sessions = [];

    /// <summary>What an object looks like.</summary>
    public string Show(object sample, int width) => Draw(sample, width).Text;

    /// <summary>The same as the screen gets it, with the colours that the rendering leaves.</summary>
    public string ShowRaw(object sample, int width) => Draw(sample, width).RawText;

    private ScreenHost Draw(object sample, int width)
    {
        if (!_sessions.TryGetValue(width, out (ScreenHost Host, Runspace Runspace) session))
            _sessions.Add(width, session = Open(width));
        using var shell = PowerShell.Create(session.Runspace);
        shell.AddScript("param($o) $o | Out-Default").AddParameter("o", sample);
        session.Host.Clear();
        shell.Invoke();
        Assert.Empty(shell.Streams.Error);
        return session.Host;
    }

    public void Dispose()
    {
        foreach ((_, Runspace runspace) in _sessions.Values)
            runspace.Dispose();
    }

    private static (ScreenHost Host, Runspace Runspace) Open(int width)
    {
        var host = new ScreenHost(width);
        Runspace runspace = RunspaceFactory.CreateRunspace(host, InitialSessionState.CreateDefault2());
        runspace.Open();
        using var shell = PowerShell.Create(runspace);
        shell.AddScript("param($m) Import-Module $m").AddParameter("m", Repository.Manifest).Invoke();
        return (host, runspace);
    }
}
