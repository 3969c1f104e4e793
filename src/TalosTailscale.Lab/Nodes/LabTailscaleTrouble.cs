namespace TalosTailscale.Lab.Nodes;

/// <summary>
/// A log-in that fails before the tailnet is asked: what the daemon and the command write, and the last line of
/// containerboot. The texts are those of tailscale v1.94.1: cmd/containerboot, cmd/tailscaled, cmd/tailscale/cli,
/// control/controlclient, net/dnsfallback.
/// </summary>
/// <param name="Lines">What is written before the end.</param>
/// <param name="End">What containerboot ends with.</param>
internal sealed record LabTailscaleTrouble(IReadOnlyList<string> Lines, string End)
{
    private const string Control = "https://controlplane.tailscale.com";
    private const string Auth = "failed to auth tailscale: failed to auth tailscale: tailscale up failed: ";

    private static readonly (LabFault Fault, LabTailscaleTrouble Trouble)[] s_all =
    [
        (
            LabFault.NoNames,
            new(
                [
                    "trying bootstrapDNS(\"derp1f.tailscale.com\", \"199.38.181.104\") for \"controlplane.tailscale.com\" ...",
                    "bootstrapDNS(\"derp1f.tailscale.com\", \"199.38.181.104\") for \"controlplane.tailscale.com\" error: Get "
                        + "\"https://derp1f.tailscale.com/bootstrap-dns?q=controlplane.tailscale.com\": context deadline exceeded",
                    $"Received error: fetch control key: Get \"{Control}/key?v=131\": failed to resolve \"controlplane.tailscale.com\": "
                        + "no DNS fallback candidates remain for \"controlplane.tailscale.com\"",
                ],
                Auth + "signal: killed"
            )
        ),
        (
            LabFault.NoEgress,
            new(
                [
                    $"Received error: fetch control key: Get \"{Control}/key?v=131\": dial tcp 192.200.0.103:443: connect: network is unreachable",
                    $"Received error: register request: Post \"{Control}/machine/register\": context deadline exceeded",
                ],
                Auth + "signal: killed"
            )
        ),
        (
            LabFault.WrongClock,
            new(
                [
                    $"Received error: fetch control key: Get \"{Control}/key?v=131\": tls: failed to verify certificate: x509: certificate "
                        + "has expired or is not yet valid: current time 1970-01-01T00:01:12Z is before 2026-06-01T00:00:00Z",
                ],
                Auth + "signal: killed"
            )
        ),
        (
            LabFault.ControlPlaneDown,
            new(["Received error: register request: http 502: Bad Gateway"], Auth + "signal: killed")
        ),
        (
            LabFault.LoginStalls,
            new(["control: RegisterReq: onode= node=[fGx9k] fup=false nks=false"], Auth + "signal: killed")
        ),
        (LabFault.LoginFails, new(["something that no version has ever written"], Auth + "exit status 1")),
        (
            LabFault.NoTunnel,
            new(
                [
                    "wgengine.NewUserspaceEngine(tun \"tailscale0\") error: tstun.New(\"tailscale0\"): operation not permitted",
                ],
                "failed to bring up tailscale: timed out waiting for tailscaled socket"
            )
        ),
        (
            LabFault.NoForwarding,
            new(
                [
                    "Failed to enable IP forwarding: enabling \"/proc/sys/net/ipv4/ip_forward\": read-only file system",
                    "To run tailscale as a proxy or router container, IP forwarding must be enabled.",
                ],
                "you can fix this by running the container with privileged=true, or the equivalent in your container runtime that permits access to sysctls."
            )
        ),
        (
            LabFault.StateNotWritable,
            new(
                ["Received error: write /var/lib/tailscale/tailscaled.state.tmp123: no space left on device"],
                Auth + "exit status 1"
            )
        ),
        (
            LabFault.NodeKeyExpired,
            new(
                [
                    "control: RegisterReq: got response; nodeKeyExpired=true, machineAuthorized=true; authURL=false",
                    "Switching ipn state Running -> NeedsLogin (WantRunning=true, nm=true)",
                ],
                "tailscaled left running state (now in state \"NeedsLogin\"), exiting"
            )
        ),
        (
            LabFault.SettingsDropped,
            new(
                [
                    "Error: changing settings via 'tailscale up' requires mentioning all",
                    "non-default flags. To proceed, either re-run your command with --reset or",
                ],
                Auth + "exit status 1"
            )
        ),
    ];

    /// <summary>What a fault of the node makes of the log-in; null without such a fault.</summary>
    internal static LabTailscaleTrouble? Of(LabNode node) =>
        s_all.FirstOrDefault(one => node.Faults.Has(one.Fault)).Trouble;
}
