using System.Globalization;

namespace TalosTailscale.Lab.Nodes;

/// <summary>One run of containerboot up to its log-in, with the lines that it and tailscaled write (tailscale cmd/containerboot).</summary>
internal static class LabContainerboot
{
    internal static LabTailnetLogin Run(LabNode node, IReadOnlyDictionary<string, string> environment)
    {
        var log = new Writer(node.Logs[LabTailscaleService.Id], node.Cluster.Clock);
        var version = node.Extensions.First(e => e.Name == "tailscale").Version;
        log.Boot("Starting tailscaled");
        log.Boot("Waiting for tailscaled socket at /var/run/tailscale/tailscaled.sock");
        log.Daemon("logtail started");
        log.Daemon(
            $"Program starting: v{version}, Go 1.25.5: []string{{\"tailscaled\", \"--socket=/var/run/tailscale/tailscaled.sock\", \"--statedir=/var/lib/tailscale\"}}"
        );
        log.Daemon("wgengine.NewUserspaceEngine(tun \"tailscale0\") ...");
        log.Daemon("Switching ipn state NoState -> NeedsLogin (WantRunning=false, nm=false)");
        if (environment.GetValueOrDefault("TS_ACCEPT_DNS") is "true")
            log.Daemon(
                "dns: writing to /etc/resolv.conf failed: open /etc/resolv.pre-tailscale-backup.conf: read-only file system"
            );
        if (LabTailscaleTrouble.Of(node) is { } trouble)
        {
            log.Boot("Running 'tailscale up'");
            foreach (var line in trouble.Lines)
                log.Daemon(line);
            log.Boot(trouble.End);
            return new LabTailnetLogin("NeedsLogin", null, trouble.End);
        }

        var login = LogIn(node, environment);
        if (login.Error is not { } error)
            return Succeed(log, login, node.Cluster.Options.Jitter > TimeSpan.Zero);
        log.Boot("Running 'tailscale up'");
        log.Daemon("control: RegisterReq: onode= node=[fGx9k] fup=false nks=false");
        log.Daemon($"Received error: {error}");
        log.Plain($"backend error: {error}");
        log.Boot("failed to auth tailscale: failed to auth tailscale: tailscale up failed: exit status 1");
        return login;
    }

    private static LabTailnetLogin LogIn(LabNode node, IReadOnlyDictionary<string, string> environment) =>
        node.Cluster.Part<ILabTailnet>()?.Login(node, environment)
        ?? new LabTailnetLogin(
            "NeedsLogin",
            null,
            "register request: Post \"https://controlplane.tailscale.com/machine/register\": context deadline exceeded"
        );

    private static LabTailnetLogin Succeed(Writer log, LabTailnetLogin login, bool jitter)
    {
        log.Boot("Running 'tailscale up'");
        log.Daemon(
            "control: RegisterReq: got response; nodeKeyExpired=false, machineAuthorized="
                + (login.BackendState == "Running" ? "true" : "false")
        );
        if (login.BackendState == "Running")
        {
            log.Daemon("Switching ipn state NeedsLogin -> Starting (WantRunning=true, nm=true)");
            // Two processes write one log: which of them is first is chance.
            var late = jitter && Random.Shared.Next(2) == 0;
            if (late)
                log.Boot("Startup complete, waiting for shutdown signal");
            log.Daemon("Switching ipn state Starting -> Running (WantRunning=true, nm=true)");
            if (!late)
                log.Boot("Startup complete, waiting for shutdown signal");
        }
        else
        {
            log.Daemon($"Switching ipn state NeedsLogin -> {login.BackendState} (WantRunning=true, nm=true)");
            if (login.BackendState == "NeedsMachineAuth")
                log.Plain("machine authorization required; to approve it, visit https://login.tailscale.com/admin");
        }

        return login;
    }

    private readonly struct Writer(LabLog log, TimeProvider clock)
    {
        private string Now => clock.GetUtcNow().ToString("yyyy/MM/dd HH:mm:ss", CultureInfo.InvariantCulture);

        internal void Boot(string text) => log.Add($"boot: {Now} {text}");

        internal void Daemon(string text) => log.Add($"{Now} {text}");

        internal void Plain(string text) => log.Add(text);
    }
}
