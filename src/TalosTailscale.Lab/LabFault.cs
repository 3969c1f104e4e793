namespace TalosTailscale.Lab;

/// <summary>Something that goes wrong in the lab, by name. The list is <see cref="All"/>.</summary>
/// <param name="Name">The name, PascalCase (<c>ExpiredKey</c>).</param>
/// <param name="Description">What happens, in one line.</param>
public sealed record LabFault(string Name, string Description)
{
    /// <summary>The auth key has expired: the tailnet refuses it.</summary>
    public static LabFault ExpiredKey { get; } = new("ExpiredKey", "the tailnet says that the auth key has expired");

    /// <summary>The tailnet's policy does not permit the tags.</summary>
    public static LabFault TagRefused { get; } =
        new("TagRefused", "the tailnet's policy does not permit the requested tags");

    /// <summary>The node's device has to be approved first.</summary>
    public static LabFault DeviceApproval { get; } =
        new("DeviceApproval", "the tailnet waits for somebody to approve the device");

    /// <summary>The Image Factory hands out a UKI without the extension.</summary>
    public static LabFault ExtensionMissing { get; } =
        new("ExtensionMissing", "the images of the factory lack the tailscale extension");

    /// <summary>The user takes the UKI of the installer ISO. Played by the client; the lab node halts on it.</summary>
    public static LabFault InstallerIso { get; } =
        new("InstallerIso", "the UKI comes from an installer ISO, with talos.halt_if_installed=1");

    /// <summary>The EFI system partition has no room.</summary>
    public static LabFault FullEsp { get; } = new("FullEsp", "the EFI system partition has no room for another UKI");

    /// <summary>The node's etcd raises an alarm. Value: its name; NOSPACE without one.</summary>
    public static LabFault EtcdAlarm { get; } =
        new("EtcdAlarm", "etcd on the node raises the alarm NOSPACE, or the one named");

    /// <summary>Booting takes long.</summary>
    public static LabFault SlowBoot { get; } = new("SlowBoot", "the node takes long to come back");

    /// <summary>After the next reboot the node has another host name. Value: the name.</summary>
    public static LabFault Renamed { get; } = new("Renamed", "the node comes back from a reboot under another name");

    /// <summary>After the next reboot the node has another address. Value: the address.</summary>
    public static LabFault AddressChanged { get; } =
        new("AddressChanged", "the node comes back from a reboot with another address");

    /// <summary>The connection to the endpoint is cut. Value: after how many bytes sent to the client.</summary>
    public static LabFault CutConnection { get; } =
        new("CutConnection", "the Talos connection is cut after a number of bytes");

    /// <summary>Calls that name the node never get an answer.</summary>
    public static LabFault NeverAnswers { get; } = new("NeverAnswers", "the node's API takes calls and never answers");

    /// <summary>The node refuses any machine config. Value: the text of the refusal.</summary>
    public static LabFault RejectsConfig { get; } = new("RejectsConfig", "the node refuses the machine config");

    /// <summary>Somebody else changes the machine config right after it was read.</summary>
    public static LabFault ConfigChangesInBetween { get; } =
        new("ConfigChangesInBetween", "somebody else changes the machine config between read and apply");

    /// <summary>A staged config waits for the next reboot when the lab starts.</summary>
    public static LabFault StagedConfigPending { get; } =
        new("StagedConfigPending", "a staged machine config waits for the next reboot");

    /// <summary>The node reboots by itself while an upgrade, apply or transfer runs.</summary>
    public static LabFault RebootsHalfWay { get; } =
        new("RebootsHalfWay", "the node reboots in the middle of the work");

    /// <summary>The node does what it is asked and answers late. Value: how long, as a TimeSpan.</summary>
    public static LabFault AnswersLate { get; } = new("AnswersLate", "the node's answers come late");

    /// <summary>
    /// The node answers one call with an error. Value: the method, the resource (type or <c>type/id</c>) or the file; the
    /// gRPC status; and its text, where it has one (<c>SecurityStates.talos.dev PermissionDenied not authorized</c>).
    /// </summary>
    public static LabFault CallFails { get; } =
        new("CallFails", "the node answers a call with the gRPC status that the value says");

    /// <summary>
    /// The connection ends while a machine config is applied, once. Value: <c>before</c> it was taken, <c>after</c> (also
    /// without value), <c>silent</c> (taken, and no answer comes) or <c>reboot</c> (taken, and the node goes down).
    /// </summary>
    public static LabFault ApplyBreaks { get; } =
        new("ApplyBreaks", "the connection ends while a machine config is applied");

    /// <summary>Firmware fails every write of an EFI variable, as ARM boards do.</summary>
    public static LabFault EfivarsIoError { get; } =
        new("EfivarsIoError", "firmware fails writes of EFI variables with an input/output error");

    /// <summary>The node never comes back from a reboot.</summary>
    public static LabFault NeverBoots { get; } = new("NeverBoots", "the node does not come back from a reboot");

    /// <summary>No name server answers the node.</summary>
    public static LabFault NoNames { get; } = new("NoNames", "the node's name servers do not answer: nothing resolves");

    /// <summary>The node does not reach the control plane of the tailnet.</summary>
    public static LabFault NoEgress { get; } = new("NoEgress", "the node does not reach the tailnet's control plane");

    /// <summary>The node's clock is wrong.</summary>
    public static LabFault WrongClock { get; } =
        new("WrongClock", "the node's clock is wrong: no certificate verifies");

    /// <summary>The control plane answers with an error.</summary>
    public static LabFault ControlPlaneDown { get; } =
        new("ControlPlaneDown", "the tailnet's control plane answers with an error");

    /// <summary>Logging in takes longer than the container allows.</summary>
    public static LabFault LoginStalls { get; } =
        new("LoginStalls", "logging in takes longer than the minute that the container gives it");

    /// <summary>Logging in fails for a reason that the log does not tell.</summary>
    public static LabFault LoginFails { get; } = new("LoginFails", "logging in fails, and the log does not say why");

    /// <summary>The tunnel device cannot be made.</summary>
    public static LabFault NoTunnel { get; } = new("NoTunnel", "the tunnel device cannot be made");

    /// <summary>IP forwarding cannot be enabled.</summary>
    public static LabFault NoForwarding { get; } = new("NoForwarding", "IP forwarding cannot be enabled");

    /// <summary>Tailscale cannot write its state.</summary>
    public static LabFault StateNotWritable { get; } = new("StateNotWritable", "tailscale cannot write its state");

    /// <summary>The node's own key in the tailnet has expired.</summary>
    public static LabFault NodeKeyExpired { get; } =
        new("NodeKeyExpired", "the node's own key in the tailnet has expired");

    /// <summary>A setting was dropped that 'tailscale up' wants to see mentioned.</summary>
    public static LabFault SettingsDropped { get; } =
        new("SettingsDropped", "a setting was dropped, and 'tailscale up' wants it mentioned");

    /// <summary>The kubelet evicts the helper pod. Value: after how many bytes sent to it.</summary>
    public static LabFault EvictedPod { get; } =
        new("EvictedPod", "the kubelet evicts the helper pod in the middle of a transfer");

    /// <summary>The image of the helper pod cannot be pulled. Value: the image.</summary>
    public static LabFault UnpullableImage { get; } =
        new("UnpullableImage", "the nodes cannot pull the image of the helper pod");

    /// <summary>The node cannot pull any image. Value: <c>unauthorized</c>, <c>no-such-host</c>, <c>refused</c>, <c>certificate</c>, <c>no-route</c>, <c>not-found</c> or containerd's words.</summary>
    public static LabFault PullFails { get; } =
        new("PullFails", "the node cannot pull images, for the reason that the value says");

    /// <summary>Pod Security is enforced in kube-system too.</summary>
    public static LabFault PodSecurity { get; } =
        new("PodSecurity", "Pod Security lets no privileged pod into kube-system");

    /// <summary>The stream to a command in a pod is cut, once. Value: after how many bytes sent to it.</summary>
    public static LabFault CutTransfer { get; } =
        new("CutTransfer", "the connection to the helper pod is cut in the middle of a transfer");

    /// <summary>Commands in pods are killed.</summary>
    public static LabFault KilledShell { get; } =
        new("KilledShell", "every command in a helper pod is killed (exit code 137)");

    /// <summary>The EFI system partition cannot be written.</summary>
    public static LabFault ReadOnlyEsp { get; } = new("ReadOnlyEsp", "the EFI system partition can only be read");

    /// <summary>The kubeconfig's user lacks a right. Value: verb and resource.</summary>
    public static LabFault MissingRight { get; } =
        new("MissingRight", "the user may not open a shell in pods, or what the value says (create pods)");

    /// <summary>The Talos API hands out a kubeconfig that somebody has added to. Value: the whole text instead.</summary>
    public static LabFault ForgedKubeconfig { get; } =
        new("ForgedKubeconfig", "the control plane hands out a kubeconfig that names a program to run");

    /// <summary>All faults.</summary>
    public static IReadOnlyList<LabFault> All { get; } =
    [
        AddressChanged,
        AnswersLate,
        ApplyBreaks,
        CallFails,
        ConfigChangesInBetween,
        ControlPlaneDown,
        CutConnection,
        CutTransfer,
        DeviceApproval,
        EfivarsIoError,
        EtcdAlarm,
        EvictedPod,
        ExpiredKey,
        ExtensionMissing,
        ForgedKubeconfig,
        FullEsp,
        InstallerIso,
        KilledShell,
        LoginFails,
        LoginStalls,
        MissingRight,
        NeverAnswers,
        NeverBoots,
        NoEgress,
        NoForwarding,
        NoNames,
        NoTunnel,
        NodeKeyExpired,
        PodSecurity,
        PullFails,
        ReadOnlyEsp,
        RebootsHalfWay,
        RejectsConfig,
        Renamed,
        SettingsDropped,
        SlowBoot,
        StagedConfigPending,
        StateNotWritable,
        TagRefused,
        UnpullableImage,
        WrongClock,
    ];

    /// <summary>This fault on one node, or on all.</summary>
    /// <param name="node">Name or address of the node; null for all.</param>
    /// <param name="value">What the fault needs to know.</param>
    /// <returns>The setting for <see cref="LabOptions.Faults"/>.</returns>
    public LabFaultSetting On(string? node, string? value = null) => new(this, node, value);

    /// <summary>Finds a fault by its name, in any case and with or without dashes.</summary>
    /// <param name="name">The name as typed (<c>expired-key</c>).</param>
    /// <returns>The fault, or null when there is none of that name.</returns>
    public static LabFault? Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        var plain = name.Replace("-", "", StringComparison.Ordinal);
        return All.FirstOrDefault(f => f.Name.Equals(plain, StringComparison.OrdinalIgnoreCase));
    }

    /// <inheritdoc/>
    public override string ToString() => Name;
}
