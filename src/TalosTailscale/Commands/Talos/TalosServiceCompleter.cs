using System.Collections;

namespace TalosTailscale.Commands;

/// <summary>Completes ids of services that Talos has, and that of the tailscale extension; no node is asked.</summary>
public sealed class TalosServiceCompleter : WordCompleter
{
    private static readonly CompletionCandidate[] s_services =
    [
        new("apid", "the Talos API"),
        new("auditd", "the audit log"),
        new("containerd", "Talos's own containers"),
        new("cri", "containers of Kubernetes"),
        new("dashboard", "the console"),
        new("etcd", "control plane only"),
        new("ext-tailscale", "the tailscale extension"),
        new("kubelet", "the node of Kubernetes"),
        new("machined", "the init of Talos"),
        new("syslogd", "the system log"),
        new("trustd", "control plane only"),
        new("udevd", "devices"),
    ];

    private protected override IEnumerable<CompletionCandidate> Candidates(IDictionary bound) => s_services;
}
