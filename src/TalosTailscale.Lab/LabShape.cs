using TalosTailscale.Lab.Pki;

namespace TalosTailscale.Lab;

/// <summary>
/// An ordinary kind of cluster that is not the runbook's: nothing is broken in it, and what a program takes for granted
/// is different. The list is <see cref="All"/>; several go together unless both say what the same thing is to be.
/// </summary>
public sealed class LabShape
{
    private readonly Action<LabOptions> _apply;

    private LabShape(string name, string description, Action<LabOptions> apply)
    {
        (Name, Description, _apply) = (name, description, apply);
    }

    /// <summary>The name, PascalCase (<c>DiscoveryOff</c>).</summary>
    public string Name { get; }

    /// <summary>What is different, in one line.</summary>
    public string Description { get; }

    /// <summary>Five control planes, of which one is a learner and one is off.</summary>
    public static LabShape FiveControlPlanes { get; } =
        new("FiveControlPlanes", "five control planes: etcd has not yet made a voter of one, and one is off", options =>
            options.Nodes = LabNodeOptions.Five
        );

    /// <summary>Host names with a domain: the hostname of a cluster member is then the FQDN.</summary>
    public static LabShape MembersWithDomain { get; } =
        new("MembersWithDomain", "the host names have a domain, so that cluster members go by their FQDN", options =>
            options.Domain = "lab.example.com"
        );

    /// <summary>Kubernetes nodes that bear neither the host name nor the name in the inventory.</summary>
    public static LabShape KubernetesNamesDiffer { get; } =
        new(
            "KubernetesNamesDiffer",
            "the names in Kubernetes are FQDNs, and unlike the host names and the inventory",
            options =>
            {
                options.Domain = "lab.example.com";
                Change(options, node => node with { KubernetesName = $"rack-{node.Name}", RegistersWithFqdn = true });
            }
        );

    /// <summary>No discovery: Talos then keeps no cluster members at all, not even the node itself.</summary>
    public static LabShape DiscoveryOff { get; } =
        new("DiscoveryOff", "discovery is off: no node has cluster members, not even itself", options =>
            options.Discovery = false
        );

    /// <summary>No IPv4 on the LAN.</summary>
    public static LabShape IPv6Only { get; } =
        new("IPv6Only", "the LAN has IPv6 only", options =>
            Change(options, node => node with { Address = LabNetwork.IPv6.AddressLike(node.Address) })
        );

    /// <summary>A LAN inside 100.64.0.0/10, where tailnets have their addresses (proompteng/lab).</summary>
    public static LabShape LanInTailnetRange { get; } =
        new("LanInTailnetRange", "the LAN is 100.100.244.128/25, inside the range of tailnets", options =>
            Change(options, node => node with { Address = LabNetwork.SharedSpace.AddressLike(node.Address) })
        );

    /// <summary>Two disks with an EFI system partition; an EFI variable says which one was booted.</summary>
    public static LabShape TwoEsps { get; } =
        new(
            "TwoEsps",
            "a second disk has an EFI system partition too; LoaderDevicePartUUID names the booted one",
            options => Change(options, node => node with { OtherEspDisk = "sda" })
        );

    /// <summary>A second cluster with the same names; the kubeconfig's current context is the second's.</summary>
    public static LabShape TwinCluster { get; } =
        new(
            "TwinCluster",
            "a second cluster has the same names; the kubeconfig's current context (admin@twin) is the second's",
            options => options.Twin = true
        );

    /// <summary>A talosconfig that may operate and read, no more.</summary>
    public static LabShape OperatorRole { get; } =
        new("OperatorRole", "the talosconfig has the role os:operator", options => options.Roles = ["os:operator"]);

    /// <summary>Certificates with ECDSA keys.</summary>
    public static LabShape KeysP256 { get; } =
        new("KeysP256", "Talos's certificate authority has an ECDSA P-256 key", options =>
            options.Keys = LabKeyAlgorithm.EcdsaP256
        );

    /// <summary>Certificates with RSA keys.</summary>
    public static LabShape KeysRsa { get; } =
        new("KeysRsa", "Talos's certificate authority has an RSA key", options => options.Keys = LabKeyAlgorithm.Rsa);

    /// <summary>All shapes, in the order in which they are applied.</summary>
    public static IReadOnlyList<LabShape> All { get; } =
    [
        FiveControlPlanes,
        MembersWithDomain,
        KubernetesNamesDiffer,
        DiscoveryOff,
        IPv6Only,
        LanInTailnetRange,
        TwoEsps,
        TwinCluster,
        OperatorRole,
        KeysP256,
        KeysRsa,
    ];

    /// <summary>Options for a lab of some shapes, in whatever order they are given.</summary>
    /// <param name="shapes">The shapes; none for the runbook's lab.</param>
    /// <returns>New options.</returns>
    public static LabOptions Options(params IEnumerable<LabShape> shapes)
    {
        var wanted = shapes.ToHashSet();
        var options = new LabOptions { Shapes = [.. All.Where(wanted.Contains)] };
        foreach (var shape in options.Shapes)
            shape._apply(options);
        return options;
    }

    /// <summary>Reads names that are separated by commas or <c>+</c>, in any case and with or without dashes.</summary>
    /// <param name="names">For instance <c>members-with-domain,DiscoveryOff</c>.</param>
    /// <returns>The shapes.</returns>
    /// <exception cref="FormatException">There is no shape of that name.</exception>
    public static IReadOnlyList<LabShape> Parse(string names)
    {
        ArgumentNullException.ThrowIfNull(names);
        const StringSplitOptions parts = StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries;
        return [.. names.Split([',', '+'], parts).Select(Find)];
    }

    /// <inheritdoc/>
    public override string ToString() => Name;

    private static LabShape Find(string name)
    {
        var plain = name.Replace("-", "", StringComparison.Ordinal);
        return All.FirstOrDefault(s => s.Name.Equals(plain, StringComparison.OrdinalIgnoreCase))
            ?? throw new FormatException(
                $"There is no shape '{name}'; there are {string.Join(", ", All.Select(s => s.Name))}."
            );
    }

    private static void Change(LabOptions options, Func<LabNodeOptions, LabNodeOptions> change) =>
        options.Nodes = [.. options.Nodes.Select(change)];
}
