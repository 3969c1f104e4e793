namespace TalosTailscale.Core.Talos;

/// <summary>A release of Talos that is known to be broken for nodes with the tailscale extension.</summary>
/// <param name="First">The first release that has it.</param>
/// <param name="Fixed">The first release after it that does not.</param>
/// <param name="What">What goes wrong.</param>
/// <param name="Fix">What to do.</param>
/// <param name="Source">Where it is reported.</param>
/// <param name="Looked">When the source was last looked at.</param>
internal sealed record KnownProblem(
    Version First,
    Version Fixed,
    string What,
    string Fix,
    string Source,
    DateOnly Looked
)
{
    private static readonly KnownProblem[] s_all =
    [
        new(
            new Version(1, 13, 0),
            new Version(1, 13, 1),
            "its tailscale extension lacks the iptables tools",
            "Take Talos 1.13.1 or later, or set TS_DEBUG_FIREWALL_MODE=nftables in the ExtensionServiceConfig.",
            "siderolabs/extensions#1061",
            new DateOnly(2026, 11, 29)
        ),
        new(
            new Version(1, 13, 9),
            new Version(1, 13, 10),
            "a machine upgraded to it came back by kexec and did not start from firmware any more",
            "Take a later release, and restart with -Mode PowerCycle while somebody can reach the machine.",
            "siderolabs/talos#14146",
            new DateOnly(2026, 11, 29)
        ),
    ];

    /// <summary>What is known of a release.</summary>
    /// <param name="talos">The release.</param>
    public static IEnumerable<KnownProblem> Of(Version talos) =>
        s_all.Where(problem => talos >= problem.First && talos < problem.Fixed);

    /// <inheritdoc/>
    public override string ToString() => $"Talos {First.ToString(3)} is known to be broken: {What} ({Source})";
}
