namespace TalosTailscale.Lab.Nodes;

/// <summary>
/// The extension service <c>ext-tailscale</c> of one node: there only if the booted UKI carries the extension, waiting
/// for its config document, then containerboot in a container that is restarted for ever (siderolabs/extensions
/// network/tailscale, tailscale cmd/containerboot).
/// </summary>
internal sealed class LabTailscaleService(LabNode node)
{
    internal const string Id = "ext-tailscale";

    private readonly Lock _lock = new();
    private CancellationTokenSource? _boot;
    private CancellationTokenSource? _instance;
    private IReadOnlyDictionary<string, string>? _started;
    private bool _stopped;

    /// <summary>Whether this boot need not wait for it: it has run, or is not part of the image.</summary>
    internal bool HasStarted { get; private set; }

    /// <summary>Starts with a boot; ends when the next one starts.</summary>
    internal void Start()
    {
        CancellationTokenSource boot;
        lock (_lock)
        {
            _boot?.Cancel();
            _boot = boot = CancellationTokenSource.CreateLinkedTokenSource(node.Cluster.Stopping);
            _stopped = false;
            HasStarted = !node.Extensions.Any(e => e.Name == "tailscale");
        }

        if (HasStarted)
            return;
        Set("Waiting", "Waiting for service \"cri\" to be \"up\", network");
        node.Power.Run(_ => RunAsync(boot.Token));
    }

    /// <summary>The node goes down.</summary>
    internal void PowerOff()
    {
        lock (_lock)
            _boot?.Cancel();
    }

    /// <summary>The machine config has changed: the service restarts if its own document did.</summary>
    internal void ConfigChanged()
    {
        lock (_lock)
        {
            if (_instance is not null && !LabTailscaleConfig.Same(_started, LabTailscaleConfig.Of(node)))
                _instance.Cancel();
        }
    }

    internal void Stop() => Command(stop: true);

    internal void Restart() => Command(stop: false);

    /// <summary>Starts it when it is stopped; else nothing.</summary>
    internal void StartIfStopped()
    {
        if (_stopped)
            Restart();
    }

    private async Task RunAsync(CancellationToken boot)
    {
        while (true)
        {
            CancellationToken instance;
            lock (_lock)
            {
                _instance = CancellationTokenSource.CreateLinkedTokenSource(boot);
                instance = _instance.Token;
                _started = LabTailscaleConfig.Of(node);
            }

            try
            {
                await RunInstanceAsync(_started, instance);
            }
            catch (OperationCanceledException) when (!boot.IsCancellationRequested)
            {
                // A restart, a stop or a new config: the next turn of the loop finds out which.
            }

            Disconnect();
        }
    }

    private async Task RunInstanceAsync(IReadOnlyDictionary<string, string>? environment, CancellationToken instance)
    {
        if (_stopped)
        {
            Set("Finished", "Service finished successfully");
            await Task.Delay(Timeout.Infinite, instance);
        }

        if (environment is null)
        {
            Set("Waiting", "Waiting for extension service config");
            await Task.Delay(Timeout.Infinite, instance);
            return;
        }

        Set("Preparing", "Creating service runner");
        Set("Running", $"Started task {Id} (PID {2000 + Random.Shared.Next(2000)}) for container {Id}");
        var login = LabContainerboot.Run(node, environment);
        lock (_lock)
            HasStarted = true;
        if (login.Error is null)
        {
            node.Change(n => n.TailnetAddress = login.Address);
            node.Cluster.Etcd.Joined(node);
            await Task.Delay(Timeout.Infinite, instance);
        }

        node.Change(_ => { });
        Set("Waiting", $"Error running Containerd({Id}), going to restart forever: task \"{Id}\" failed: exit code 1");

        // Talos waits five seconds; the lab's clock is faster.
        await Task.Delay(TimeSpan.FromMilliseconds(250), node.Cluster.Clock, instance);
    }

    private void Command(bool stop)
    {
        lock (_lock)
        {
            _stopped = stop;
            _instance?.Cancel();
        }
    }

    private void Disconnect()
    {
        node.Cluster.Part<ILabTailnet>()?.Disconnect(node);
        if (node.TailnetAddress is not null)
            node.Change(n => n.TailnetAddress = null);
    }

    private void Set(string state, string message) => node.Change(n => LabBoot.SetService(n, Id, state, message, null));
}
