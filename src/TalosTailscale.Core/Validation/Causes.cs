using System.Reflection;

namespace TalosTailscale.Core.Validation;

/// <summary>Every cause that a check or the log diagnosis can name, with what to do about it.</summary>
public static partial class Causes
{
    /// <summary>The Talos API does not answer.</summary>
    public static readonly TsCheckCause NodeNotAnswering = new(
        "NodeNotAnswering",
        "The node's Talos API cannot be reached: it is off, still booting, halted at boot, or the network is broken.",
        "Look at the node's console. If it says that Talos is already installed to disk but booted from "
            + "another media, put the backup UKI back (Restore-Uki, or copy the .bak file in the UEFI shell)."
    );

    /// <summary>The API refuses the client.</summary>
    public static readonly TsCheckCause ClientNotAccepted = new(
        "ClientNotAccepted",
        "The node and this client do not believe each other: expired or wrong certificate, or a role that is missing.",
        "Get a new talosconfig (talosctl config new, or from the cluster's secrets) and check its context."
    );

    /// <summary>The client certificate ends soon.</summary>
    public static readonly TsCheckCause ClientCertificateEnds = new(
        "ClientCertificateEnds",
        "The client certificate of the talosconfig expires soon.",
        "Make a new talosconfig before the date: talosctl config new, or by the cluster's secrets."
    );

    /// <summary>Version differs from what is expected.</summary>
    public static readonly TsCheckCause VersionUnexpected = new(
        "VersionUnexpected",
        "The node runs another Talos version than expected.",
        "Upgrade the node (Update-TalosNode) or correct the expectation."
    );

    /// <summary>The release is known to be broken.</summary>
    public static readonly TsCheckCause TalosKnownBroken = new(
        "TalosKnownBroken",
        "The node runs a release of Talos that is known to be broken for nodes like this.",
        "Take a later release (Update-TalosNode)."
    );

    /// <summary>The architecture is not that of the inventory.</summary>
    public static readonly TsCheckCause ArchitectureUnexpected = new(
        "ArchitectureUnexpected",
        "The node is of another architecture than the inventory says.",
        "Correct node.yaml, or the address in it: another machine answers there.",
        5
    );

    /// <summary>The kernel was booted with the halt flag.</summary>
    public static readonly TsCheckCause HaltIfInstalled = new(
        "HaltIfInstalled",
        "The node was booted with talos.halt_if_installed: its UKI is that of an installer ISO, which "
            + "halts on an installed disk.",
        "Put the backup UKI back (Restore-Uki) and swap in the factory's UKI (Save-TalosImage -Kind Uki)."
    );

    /// <summary>Boot waits for the service.</summary>
    public static readonly TsCheckCause BootNotFinished = new(
        "BootNotFinished",
        "The node has not finished booting or is not ready.",
        "Wait for it (Wait-TalosNode); if it does not change, look at the unmet conditions and at Get-TalosService."
    );

    /// <summary>The extension is not in the running image.</summary>
    public static readonly TsCheckCause ExtensionMissing = new(
        "ExtensionMissing",
        "The running boot image does not carry the tailscale extension; machine.install.extensions alone "
            + "has had no effect since Talos 1.10.",
        "Activate it: Invoke-UkiSwap on ARM boards, Update-TalosNode with the factory installer elsewhere.",
        3
    );

    /// <summary>Another schematic than expected.</summary>
    public static readonly TsCheckCause SchematicUnexpected = new(
        "SchematicUnexpected",
        "The running image was built from another schematic than expected.",
        "Swap or upgrade to the image of the expected schematic."
    );

    /// <summary>No document.</summary>
    public static readonly TsCheckCause ServiceConfigMissing = new(
        "ServiceConfigMissing",
        "The machine config has no ExtensionServiceConfig named tailscale, so the extension waits for it "
            + "and boot waits for the extension.",
        "Render it (New-TsExtensionServiceConfig) and apply it (Set-TalosMachinePatch).",
        3
    );

    /// <summary>Only on disk, or only in force.</summary>
    public static readonly TsCheckCause ServiceConfigNotPersistent = new(
        "ServiceConfigNotPersistent",
        "Active and persistent machine config differ on the ExtensionServiceConfig: the next reboot changes it.",
        "Apply the patch again (Set-TalosMachinePatch), or reboot if a staged config is meant.",
        3
    );

    /// <summary>The environment breaks a rule.</summary>
    public static readonly TsCheckCause ServiceConfigInvalid = new(
        "ServiceConfigInvalid",
        "The environment of the ExtensionServiceConfig breaks a rule of tailscale's container.",
        "Correct it and apply it again (New-TsExtensionServiceConfig, Set-TalosMachinePatch).",
        3
    );

    /// <summary>The extension service does not run.</summary>
    public static readonly TsCheckCause ServiceNotRunning = new(
        "ServiceNotRunning",
        "The service ext-tailscale does not run.",
        "Look at its events (Get-TalosService ext-tailscale) and its log (Get-TalosLog ext-tailscale).",
        3
    );

    /// <summary>The extension service restarts again and again.</summary>
    public static readonly TsCheckCause ServiceFlapping = new(
        "ServiceFlapping",
        "The service ext-tailscale starts and fails again and again.",
        "See the check 'Log' for the reason; Get-TalosLog ext-tailscale shows the whole log.",
        3
    );

    /// <summary>The key was refused.</summary>
    public static readonly TsCheckCause AuthKeyRejected = new(
        "AuthKeyRejected",
        "The tailnet refuses the auth key: expired, deleted, used up, of another tailnet, or without the "
            + "right to join nodes.",
        "Make a new key (New-TailnetAuthKey or the admin console), render and apply again; "
            + "TS_AUTH_ONCE=true keeps joined nodes from needing it.",
        3
    );

    /// <summary>The tags were refused.</summary>
    public static readonly TsCheckCause TagsNotPermitted = new(
        "TagsNotPermitted",
        "The tailnet does not permit the tags that the node asks for.",
        "Add the tags to tagOwners of the tailnet policy with the key's owner as an owner, or ask for the "
            + "tags that the key has.",
        3
    );

    /// <summary>OAuth secret without tags.</summary>
    public static readonly TsCheckCause OAuthKeyWithoutTags = new(
        "OAuthKeyWithoutTags",
        "The key is an OAuth client secret and the node asks for no tags.",
        "Add --advertise-tags=tag:… to TS_EXTRA_ARGS (New-TsExtensionServiceConfig -Tag).",
        3
    );

    /// <summary>Approval is missing.</summary>
    public static readonly TsCheckCause DeviceApprovalNeeded = new(
        "DeviceApprovalNeeded",
        "The device waits for approval in the tailnet.",
        "Approve it in the admin console, or use a key that is pre-approved.",
        3
    );

    /// <summary>Not logged in and no key was used.</summary>
    public static readonly TsCheckCause LoginNeeded = new(
        "LoginNeeded",
        "Tailscale asks for a log-in by hand: there is no key, or it was not used.",
        "Set TS_AUTHKEY in the ExtensionServiceConfig and apply it.",
        3
    );

    /// <summary>Generic failure of tailscale up.</summary>
    public static readonly TsCheckCause LoginFailed = new(
        "LoginFailed",
        "'tailscale up' failed and the log does not say why in a known way.",
        "Read the lines before it (property Evidence of Get-TsDiagnosis, or Get-TalosLog ext-tailscale).",
        3
    );

    /// <summary>Log-in took too long.</summary>
    public static readonly TsCheckCause LoginTimeout = new(
        "LoginTimeout",
        "'tailscale up' did not finish within the minute that the container gives it.",
        "Check that the node reaches controlplane.tailscale.com:443 and resolves names.",
        3
    );

    /// <summary>Control plane not reachable.</summary>
    public static readonly TsCheckCause ControlPlaneUnreachable = new(
        "ControlPlaneUnreachable",
        "The node does not reach the tailnet's control plane.",
        "Allow outgoing TCP 443 to controlplane.tailscale.com (or the login server) and check routes and proxies.",
        3
    );

    /// <summary>Control plane answers with an error.</summary>
    public static readonly TsCheckCause ControlPlaneError = new(
        "ControlPlaneError",
        "The tailnet's control plane answers with an error.",
        "See https://status.tailscale.com; try again later.",
        3
    );

    /// <summary>Certificates do not verify.</summary>
    public static readonly TsCheckCause ControlPlaneNotTrusted = new(
        "ControlPlaneNotTrusted",
        "The certificate of the control plane does not verify: wrong clock, or a proxy that opens TLS.",
        "Check the node's time (TimeSyncConfig) and the proxy.",
        3
    );

    /// <summary>Names do not resolve on the node.</summary>
    public static readonly TsCheckCause ResolverBroken = new(
        "ResolverBroken",
        "The node cannot resolve names.",
        "Check the nameservers of the machine config; one of them has to answer public names.",
        4
    );

    /// <summary>tailscale wants to write resolv.conf.</summary>
    public static readonly TsCheckCause AcceptDnsOnReadOnlyRoot = new(
        "AcceptDnsOnReadOnlyRoot",
        "Tailscale tries to write /etc/resolv.conf, which is read-only on Talos (TS_ACCEPT_DNS=true).",
        "Set TS_ACCEPT_DNS=false and put 100.100.100.100 first among the nameservers of the machine config.",
        4
    );

    /// <summary>Flags have to be repeated.</summary>
    public static readonly TsCheckCause SettingsNotMentioned = new(
        "SettingsNotMentioned",
        "A setting that was in force was dropped from the environment, and 'tailscale up' wants it to be mentioned.",
        "Clear routes by an empty TS_ROUTES=, or add --reset to TS_EXTRA_ARGS for one start.",
        3
    );

    /// <summary>Joined to one login server, told to use another.</summary>
    public static readonly TsCheckCause LoginServerChanged = new(
        "LoginServerChanged",
        "The node is joined by another login server than the environment now names.",
        "Add --force-reauth to TS_EXTRA_ARGS for one start, with a key of the new server.",
        3
    );

    /// <summary>The node key ran out.</summary>
    public static readonly TsCheckCause NodeKeyExpired = new(
        "NodeKeyExpired",
        "The node's own key is no longer good: it has expired, as those of untagged devices do, or the "
            + "device was removed from the tailnet.",
        "Use tags (their keys do not expire) or disable key expiry of the device, and let the node log in "
            + "with a valid key.",
        3
    );

    /// <summary>No tunnel device.</summary>
    public static readonly TsCheckCause TunnelUnavailable = new(
        "TunnelUnavailable",
        "The tunnel device cannot be made.",
        "Remove TS_USERSPACE and other overrides; use the extension as Talos ships it.",
        3
    );

    /// <summary>Forwarding cannot be enabled.</summary>
    public static readonly TsCheckCause IpForwardingOff = new(
        "IpForwardingOff",
        "IP forwarding could not be enabled, which routes need.",
        "Set the sysctls net.ipv4.ip_forward and net.ipv6.conf.all.forwarding to 1 in the machine config.",
        3
    );

    /// <summary>State cannot be written.</summary>
    public static readonly TsCheckCause StateNotWritable = new(
        "StateNotWritable",
        "Tailscale cannot write its state.",
        "Check the EPHEMERAL volume (space, errors).",
        3
    );

    /// <summary>tailscale was told to stop.</summary>
    public static readonly TsCheckCause TailscaleStopped = new(
        "TailscaleStopped",
        "Tailscale was told to be down.",
        "Restart the service ext-tailscale.",
        3
    );

    /// <summary>No tailnet address.</summary>
    public static readonly TsCheckCause TailnetAddressMissing = new(
        "TailnetAddressMissing",
        "The node has no address on tailscale0: it is not in the tailnet.",
        "See the checks 'Service' and 'Log'.",
        3
    );

    /// <summary>Not seen in the tailnet.</summary>
    public static readonly TsCheckCause DeviceMissing = new(
        "DeviceMissing",
        "The tailnet has no device of this node.",
        "See the check 'Log'; check that key and operator belong to the same tailnet.",
        3
    );

    /// <summary>Seen under another name.</summary>
    public static readonly TsCheckCause DeviceRenamed = new(
        "DeviceRenamed",
        "The device has another name in the tailnet than asked for: an older device still holds the name.",
        "Remove the older device (Remove-TailnetDevice) and rename this one."
    );

    /// <summary>Offline.</summary>
    public static readonly TsCheckCause DeviceOffline = new(
        "DeviceOffline",
        "The device is known to the tailnet and offline.",
        "See the checks 'Service' and 'Log'.",
        3
    );

    /// <summary>The key of the device ends.</summary>
    public static readonly TsCheckCause DeviceKeyEnds = new(
        "DeviceKeyEnds",
        "The device's key expires soon and the node then drops out of the tailnet.",
        "Disable key expiry of the device, or give it a tag."
    );

    /// <summary>Device without the tags asked for.</summary>
    public static readonly TsCheckCause DeviceTagsDiffer = new(
        "DeviceTagsDiffer",
        "The device does not have the tags that its config asks for.",
        "Log the node in again with a key of these tags, or set the tags in the admin console."
    );

    /// <summary>Quad-100 is not first.</summary>
    public static readonly TsCheckCause TailnetResolverNotFirst = new(
        "TailnetResolverNotFirst",
        "100.100.100.100 is not the first resolver: another one answers NXDOMAIN for tailnet names first.",
        "Put 100.100.100.100 first (tailscale-dns.patch.yaml, Set-TalosMachinePatch).",
        4
    );

    /// <summary>Quad-100 is missing.</summary>
    public static readonly TsCheckCause TailnetResolverMissing = new(
        "TailnetResolverMissing",
        "100.100.100.100 is not among the resolvers: names of the tailnet do not resolve on the node.",
        "Add it as the first (tailscale-dns.patch.yaml, Set-TalosMachinePatch).",
        4
    );

    /// <summary>Only quad-100.</summary>
    public static readonly TsCheckCause OnlyTailnetResolver = new(
        "OnlyTailnetResolver",
        "100.100.100.100 is the only resolver: without the tailnet the node resolves nothing, and cannot join.",
        "Add a resolver of the local network after it.",
        4
    );

    /// <summary>The node IP is a tailnet address.</summary>
    public static readonly TsCheckCause NodeAddressInTailnet = new(
        "NodeAddressInTailnet",
        "Kubelet or etcd uses the tailnet address: cluster traffic then depends on the tailnet.",
        "Set machine.kubelet.nodeIP.validSubnets (or KubeNodeConfig nodeIP.validSubnets, where the node "
            + "has that document) and cluster.etcd.advertisedSubnets to the local network.",
        5
    );

    /// <summary>The address differs from the inventory.</summary>
    public static readonly TsCheckCause NodeAddressDrift = new(
        "NodeAddressDrift",
        "The node's address is not the one of the inventory.",
        "Run Update-TalosNodeAddress, and reserve the address in DHCP or set it statically.",
        5
    );

    /// <summary>The Kubernetes name differs.</summary>
    public static readonly TsCheckCause NodeNameDrift = new(
        "NodeNameDrift",
        "The node registers with Kubernetes under another name than the inventory says.",
        "Restore its HostnameConfig (a config that was cut at the first --- loses it), then remove the stale node.",
        5
    );

    /// <summary>Several UKIs of one version.</summary>
    public static readonly TsCheckCause BootEntriesDuplicate = new(
        "BootEntriesDuplicate",
        "The EFI system partition has more than one active UKI of a version: the menu shows duplicates, "
            + "and the next boot may take the other.",
        "Look at Get-TalosEsp for what boots next; a swap (Invoke-UkiSwap) takes the extra one out of the menu.",
        2
    );

    /// <summary>efivars cannot be written.</summary>
    public static readonly TsCheckCause EfivarsNotWritable = new(
        "EfivarsNotWritable",
        "The firmware refuses writes of EFI variables, so an in-place upgrade fails at the boot loader.",
        "Use Invoke-UkiSwap; a failed upgrade has left the right UKI as a ~N file, which can be promoted.",
        1
    );

    /// <summary>The file on the ESP is not what runs.</summary>
    public static readonly TsCheckCause RunningUkiDiffers = new(
        "RunningUkiDiffers",
        "The UKI on the EFI system partition is not the one that runs: the next boot changes extensions, "
            + "version or command line.",
        "Reboot if that is meant (Restart-TalosNode -Mode PowerCycle), else put the right UKI back.",
        1
    );

    /// <summary>The next boot takes another entry.</summary>
    public static readonly TsCheckCause NextBootDiffers = new(
        "NextBootDiffers",
        "The next boot takes another entry than the running one.",
        "Look at Get-TalosEsp for the reason.",
        2
    );

    /// <summary>Something on the ESP is as it should not stay.</summary>
    public static readonly TsCheckCause EspNeedsCare = new(
        "EspNeedsCare",
        "Something on the EFI system partition should not stay as it is: a leftover, a stale variable, "
            + "names that share clusters.",
        "Look at the findings of Get-TalosEsp; each has its advice."
    );

    /// <summary>Not booted from a UKI.</summary>
    public static readonly TsCheckCause NotBootedFromUki = new(
        "NotBootedFromUki",
        "The node was not booted from a UKI (GRUB layout): a swap is not possible.",
        "Set activation: upgrade in node.yaml and use Update-TalosNode."
    );

    /// <summary>The registry's name does not resolve.</summary>
    public static readonly TsCheckCause RegistryNameUnresolved = new(
        "RegistryNameUnresolved",
        "The node cannot resolve the registry's name.",
        "See the check 'Resolver'; the name has to exist in the tailnet (MagicDNS).",
        4
    );

    /// <summary>The pull failed.</summary>
    public static readonly TsCheckCause PullFailed = new(
        "PullFailed",
        "The node could not pull the private image.",
        "Check the tailnet policy (grants for the node's tags to the registry) and the reference.",
        3
    );

    /// <summary>The image does not exist.</summary>
    public static readonly TsCheckCause ImageNotFound = new(
        "ImageNotFound",
        "The registry answers and does not have the image.",
        "Push the image, or give a reference that exists."
    );

    /// <summary>The registry wants a log-in.</summary>
    public static readonly TsCheckCause RegistryUnauthorized = new(
        "RegistryUnauthorized",
        "The registry refuses the node without credentials.",
        "Add registry credentials to the machine config (RegistryAuthConfig)."
    );

    /// <summary>The check itself could not be made.</summary>
    public static readonly TsCheckCause CheckFailed = new(
        "CheckFailed",
        "The check could not be made.",
        "Read the evidence; run it again with -Verbose."
    );

    /// <summary>All causes, by code.</summary>
    public static IReadOnlyList<TsCheckCause> All => Table.All;

    /// <summary>A cause by its code.</summary>
    /// <param name="code">The code.</param>
    /// <returns>The cause; null when there is none.</returns>
    public static TsCheckCause? Find(string code) => All.FirstOrDefault(cause => cause.Code == code);

    // Read after all fields of all files are set: their order over files is not defined.
    private static class Table
    {
        public static IReadOnlyList<TsCheckCause> All { get; } =
        [
            .. typeof(Causes)
                .GetFields(BindingFlags.Public | BindingFlags.Static)
                .Select(field => field.GetValue(null))
                .OfType<TsCheckCause>()
                .OrderBy(cause => cause.Code, StringComparer.Ordinal),
        ];
    }
}
