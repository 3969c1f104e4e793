using System.Security.Cryptography;
using TalosTailscale.Lab.Pki;

namespace TalosTailscale.Lab;

/// <summary>What lab to start: its nodes, the Talos version they run, and what shall go wrong.</summary>
public sealed class LabOptions
{
    /// <summary>The nodes; by default the three of the runbook.</summary>
    public IReadOnlyList<LabNodeOptions> Nodes { get; set; } = LabNodeOptions.Runbook;

    /// <summary>The Talos version of every node that names none of its own, with the leading <c>v</c>.</summary>
    public string TalosVersion { get; set; } = "v1.12.4";

    /// <summary>The domain of the nodes' host names: Talos then names cluster members by their full name; null for none.</summary>
    public string? Domain { get; set; }

    /// <summary>The shapes that made these options; <see cref="LabShape.Options"/> sets them.</summary>
    public IReadOnlyList<LabShape> Shapes { get; init; } = [];

    /// <summary>Whether the machine configs have discovery enabled; without it Talos keeps no cluster members.</summary>
    public bool Discovery { get; set; } = true;

    /// <summary>The roles of the talosconfig among the client files.</summary>
    public IReadOnlyList<string> Roles { get; set; } = ["os:admin"];

    /// <summary>The kind of key of Talos's certificate authority, and so of all that it issues.</summary>
    public LabKeyAlgorithm Keys { get; set; } = LabKeyAlgorithm.Ed25519;

    /// <summary>Whether there is a second cluster, <see cref="LabCluster.Twin"/>, with the same names.</summary>
    public bool Twin { get; set; }

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

    /// <summary>
    /// The clock by which the lab waits and stamps: boots, retries, deadlines of pods, ends of keys and tokens. Certificates
    /// are made by this machine's, against which clients check them.
    /// </summary>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

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
