using TalosTailscale.Core.Reporting;

namespace TalosTailscale.Core.Talos;

/// <summary>
/// Waits until the extension services follow a change of their configuration: Talos stops and starts them by itself
/// (siderolabs/talos internal/app/machined/pkg/controllers/runtime/extension_service.go).
/// </summary>
internal sealed class ExtensionServiceWait(
    TalosNodeClient node,
    MachineConfigPlan plan,
    TimeSpan timeout,
    IReporter reporter
)
{
    private readonly Dictionary<string, int> _eventsBefore = [];

    private IEnumerable<string> Services =>
        plan
            .Documents.Where(document =>
                document
                    is {
                        Kind: "ExtensionServiceConfig",
                        Name: not null,
                        Change: MachineConfigChange.Added or MachineConfigChange.Changed
                    }
            )
            .Select(document => "ext-" + document.Name);

    /// <summary>Remembers how the services are.</summary>
    public async Task LookBeforeAsync(CancellationToken cancellation)
    {
        if (timeout <= TimeSpan.Zero || !Services.Any())
            return;
        HashSet<string> wanted = [.. Services];
        foreach (TalosService service in await node.ServiceListAsync(cancellation).ConfigureAwait(false))
        {
            if (wanted.Contains(service.Id))
                _eventsBefore[service.Id] = Fingerprint(service);
        }

        foreach (string absent in wanted.Where(id => !_eventsBefore.ContainsKey(id)))
            reporter.Verbose(
                $"{node.Node}: '{absent}' is not part of the running image; its configuration waits for one that has it."
            );
    }

    /// <summary>Waits until each of them has moved and runs, or waits on purpose; a warning when it does not.</summary>
    public async Task WaitAsync(CancellationToken cancellation)
    {
        if (_eventsBefore.Count == 0)
            return;
        TimeProvider clock = node.Client.Options.Clock;
        long started = clock.GetTimestamp();
        var pending = new Dictionary<string, string>(
            _eventsBefore.Keys.Select(id => KeyValuePair.Create(id, "no change yet"))
        );
        while (true)
        {
            foreach (TalosService service in await node.ServiceListAsync(cancellation).ConfigureAwait(false))
            {
                if (!pending.ContainsKey(service.Id))
                    continue;
                bool moved = Fingerprint(service) != _eventsBefore[service.Id];
                pending[service.Id] = moved ? service.State : "no change yet";
                if (!moved || service.State != "Running")
                    continue;
                pending.Remove(service.Id);
                reporter.Verbose($"{node.Node}: '{service.Id}' runs with the new configuration.");
            }

            if (pending.Count == 0)
                return;
            if (clock.GetElapsedTime(started) > timeout)
                break;
            await Task.Delay(TimeSpan.FromMilliseconds(250), cancellation).ConfigureAwait(false);
        }

        foreach ((string id, string state) in pending)
            reporter.Warning(
                $"{node.Node}: '{id}' does not run {timeout.TotalSeconds:0} seconds after its configuration changed ({state}). Read its log: Get-TalosLog {node.Node} {id}."
            );
    }

    private static int Fingerprint(TalosService service)
    {
        TalosServiceEvent? last = service.Events.Count > 0 ? service.Events[^1] : null;
        return HashCode.Combine(service.State, service.Events.Count, last?.Time, last?.Message);
    }
}
