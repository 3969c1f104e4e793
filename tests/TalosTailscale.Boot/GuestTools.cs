namespace TalosTailscale.Boot;

/// <summary>What the guest runs the shell program with.</summary>
public enum GuestTools
{
    /// <summary>Busybox alone: names cannot be exchanged.</summary>
    Busybox,

    /// <summary>Busybox, and perl for the exchange: what Debian 12 does for want of a newer mv.</summary>
    BusyboxAndPerl,

    /// <summary>The programs of the node shell's default image.</summary>
    DefaultImage,
}
