namespace TalosTailscale.Core.Talos;

/// <summary>Which variant of an image a node runs, with or without Secure Boot, as far as the node tells.</summary>
internal static class RunningVariant
{
    // From 1.14 on no image locks the kernel down by itself (siderolabs/talos a72281e5b).
    private static readonly Version s_lockdownEnds = new(1, 14);

    /// <summary>
    /// True for a signed image, false for an unsigned one, null where nothing tells: after a start without firmware
    /// (kexec) the PCR key is not known.
    /// </summary>
    /// <param name="security">The security state.</param>
    /// <param name="commandLine">The running kernel's command line.</param>
    /// <param name="talos">The running Talos.</param>
    public static bool? IsSigned(TalosSecurityState security, string commandLine, Version talos) =>
        security.SecureBoot || security.PcrSigningKeyFingerprint.Length > 0 ? true
        : talos < s_lockdownEnds ? commandLine.Split(' ').Contains("lockdown=confidentiality")
        : null;
}
