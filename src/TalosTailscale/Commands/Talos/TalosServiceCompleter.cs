using System.Collections;

namespace TalosTailscale.Commands;

/// <summary>Completes ids of services that Talos has, and that of the tailscale extension; no node is asked.</summary>
public sealed class TalosServiceCompleter : WordCompleter
{
    private static readonly (string, string)[] s_services =
    [
        ("apid", "the Talos API"), ("auditd", "the audit log"), ("containerd", "Talos's own containers"), ("cri", "containers of Kubernetes"),
        ("dashboard", "the console"), ("etcd", "control plane only"), ("ext-tailscale", "the tailscale extension"), ("kubelet", "the node of Kubernetes"),
        ("machined", "the init of Talos"), ("syslogd", "the system log"), ("trustd", "control plane only"), ("udevd", "devices"),
    ];

    private protected override IEnumerable<(string Text, string ToolTip)> Candidates(IDictionary bound) => s_services;
}
