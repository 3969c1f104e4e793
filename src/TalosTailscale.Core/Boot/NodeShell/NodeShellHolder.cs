using TalosTailscale.Core.Kubernetes;

namespace TalosTailscale.Core.Boot.NodeShell;

/// <summary>Who holds a lock when nothing on the node stands for him: a process, by machine, number and start.</summary>
internal static class NodeShellHolder
{
    private const string Prefix = "process/";

    /// <summary>This process.</summary>
    internal static string ThisProcess { get; } = Prefix + ProcessIdentity.Own;

    /// <summary>True only for a process of this machine that has ended.</summary>
    internal static bool IsGone(string holder) =>
        holder.StartsWith(Prefix, StringComparison.Ordinal) && ProcessIdentity.IsGone(holder[Prefix.Length..]);
}
