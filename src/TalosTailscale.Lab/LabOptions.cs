using System.Security.Cryptography;

namespace TalosTailscale.Lab;

/// <summary>What lab to start: its nodes, the Talos version they run, and what shall go wrong.</summary>
public sealed class LabOptions
{
    /// <summary>The nodes; by default the three of the runbook.</summary>
    public IReadOnlyList<LabNodeOptions> Nodes { get; set; } = LabNodeOptions.Runbook;

    /// <summary>The Talos version of every node that names none of its own, with the leading <c>v</c>.</summary>
    public string TalosVersion { get; set; } = "v1.12.4";

    /// <summary>The faults to start with; <see cref="LabNode.Faults"/> changes them later.</summary>
    public IList<LabFaultSetting> Faults { get; } = [];

    /// <summary>The folder of the lab's files; null for a new one below the temporary folder.</summary>
    public string? Folder { get; set; }

    /// <summary>Whether the folder stays when the lab is disposed.</summary>
    public bool KeepFolder { get; set; }

    /// <summary>How long a node takes from reboot to running. Lab time is fast; a real board takes minutes.</summary>
    public TimeSpan BootTime { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>What the fault <see cref="LabFault.SlowBoot"/> makes of <see cref="BootTime"/>.</summary>
    public TimeSpan SlowBootTime { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>How long an answer of the Talos API may be late; each by a time of its own, so that answers overtake each other.</summary>
    public TimeSpan Jitter { get; set; }

    /// <summary>The clock by which nodes try a pull again.</summary>
    public TimeProvider Clock { get; set; } = TimeProvider.System;

    /// <summary>Whether every node also gets a Talos endpoint (a port) of its own.</summary>
    public bool EndpointPerNode { get; set; }

    /// <summary>The host name of the registry that only the tailnet reaches.</summary>
    public string RegistryHost { get; set; } = "registry.ide-newton.ts.net";

    /// <summary>A reusable, tagged auth key that the lab's tailnet accepts; made up anew for every lab.</summary>
    public string AuthKey { get; set; } = NewAuthKey();

    /// <summary>Makes up an auth key of the shape that Tailscale issues.</summary>
    /// <returns>A key that no real tailnet knows.</returns>
    public static string NewAuthKey() => $"tskey-auth-k{RandomText(11)}CNTRL-{RandomText(32)}";

    private static string RandomText(int length) =>
        RandomNumberGenerator.GetString("ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz123456789", length);
}
