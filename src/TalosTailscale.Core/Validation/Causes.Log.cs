namespace TalosTailscale.Core.Validation;

public static partial class Causes
{
    /// <summary>State cannot be read.</summary>
    public static readonly TsCheckCause StateStoreUnreadable = new(
        "StateStoreUnreadable",
        "Tailscale cannot read the state that it has on the node: it was sealed with a TPM that has since "
            + "been cleared or exchanged, or it is damaged. The network has no part in it.",
        "Let the node begin with a new state: set TS_STATE_DIR=/var/lib/tailscale/2 in the "
            + "ExtensionServiceConfig, with a valid TS_AUTHKEY, and apply it; then remove the old device from "
            + "the tailnet (Remove-TailnetDevice). To be free of the TPM, add "
            + "TS_TAILSCALED_EXTRA_ARGS=--encrypt-state=false.",
        3
    );

    /// <summary>No netfilter.</summary>
    public static readonly TsCheckCause NetfilterUnavailable = new(
        "NetfilterUnavailable",
        "Tailscale cannot set its packet filter rules: the iptables tools or the kernel's netfilter are "
            + "not as it needs them.",
        "Set TS_DEBUG_FIREWALL_MODE=nftables in the ExtensionServiceConfig. The extension of Talos 1.13.0 "
            + "lacks the iptables tools: take the one of 1.13.1 or later.",
        3
    );

    /// <summary>The engine waits for its tunnel.</summary>
    public static readonly TsCheckCause TunnelNotStarted = new(
        "TunnelNotStarted",
        "Tailscale's engine does not come to start its tunnel, which uses up the minute that the container "
            + "gives it; seen where another program changes links and packet marks at the same time, as a CNI "
            + "does.",
        "See the check 'Cni'. From tailscale 1.104 on set TS_BOOT_TIMEOUT=3m in the ExtensionServiceConfig.",
        3
    );

    /// <summary>An address, a route or a rule was not set.</summary>
    public static readonly TsCheckCause RoutesNotSet = new(
        "RoutesNotSet",
        "Tailscale could not set an address or a route on the node: another program, such as a CNI, holds "
            + "it, or IPv6 is switched off for the link.",
        "See the check 'Cni'. Where routes of other devices are in the way, remove --accept-routes from "
            + "TS_EXTRA_ARGS; then restart the service ext-tailscale.",
        3
    );

    /// <summary>Cilium runs on the node.</summary>
    public static readonly TsCheckCause CiliumBesideTailscale = new(
        "CiliumBesideTailscale",
        "Cilium and tailscale share the node: both use the bits 0x40000 and 0x80000 of packet marks, "
            + "Cilium's XDP programs do not load on tailscale0, and its BPF host routing passes by tailscale's "
            + "rules. What Cilium is set to cannot be seen from the node.",
        "In Cilium's values set loadBalancer.acceleration to disabled or best-effort (native makes the "
            + "agent fail), and devices to the node's own links without tailscale0. Only if pods are to reach "
            + "the tailnet: list tailscale0 among the devices with bpf.masquerade true, or set "
            + "bpf.hostLegacyRouting true. The node's own way into the tailnet needs none of it."
    );

    /// <summary>Calico runs on the node.</summary>
    public static readonly TsCheckCause CalicoBesideTailscale = new(
        "CalicoBesideTailscale",
        "Calico and tailscale share the node: unless told otherwise Calico takes the bits 0xffff0000 of "
            + "packet marks, and tailscale's 0xff0000 are among them. What Calico is set to cannot be seen from "
            + "the node.",
        "Set iptablesMarkMask and nftablesMarkMask of the FelixConfiguration 'default' to 0xff000000 "
            + "(4278190080), and restart calico-node on one node after the other."
    );

    /// <summary>Traffic of the node's own network goes into the tailnet.</summary>
    public static readonly TsCheckCause TailnetRouteTakesOwn = new(
        "TailnetRouteTakesOwn",
        "A route that another device of the tailnet advertises holds the node's own network, so that "
            + "traffic of the local network, of pods or of everything goes through the tailnet.",
        "Remove --accept-routes and --exit-node from TS_EXTRA_ARGS of the ExtensionServiceConfig and apply "
            + "it, or take the route off the device that advertises it.",
        5
    );

    /// <summary>tailscaled died.</summary>
    public static readonly TsCheckCause TailscaledCrashed = new(
        "TailscaledCrashed",
        "The program tailscaled crashed.",
        "Restart the service ext-tailscale; if it comes again, take the extension of another Talos patch "
            + "release, and report the lines to tailscale.",
        3
    );

    /// <summary>tailscaled does not come up.</summary>
    public static readonly TsCheckCause TailscaledNotReady = new(
        "TailscaledNotReady",
        "The program tailscaled ended before it was ready.",
        "Read the line; restart the service ext-tailscale.",
        3
    );

    /// <summary>Tailnet lock.</summary>
    public static readonly TsCheckCause NodeLockedOut = new(
        "NodeLockedOut",
        "Tailnet lock keeps the node out: its key is not signed, so no other device talks to it.",
        "Sign it on a signing device (tailscale lock sign nodekey:…), or join with a key that was signed "
            + "before (tailscale lock sign tskey-…).",
        3
    );

    /// <summary>The tailnet does not know the device any more.</summary>
    public static readonly TsCheckCause DeviceRemoved = new(
        "DeviceRemoved",
        "The control server does not know the node's key: the device was removed from the tailnet, or the "
            + "server lost it.",
        "Let the node join anew with a valid key: add --force-reauth to TS_EXTRA_ARGS for one start, or "
            + "set TS_STATE_DIR=/var/lib/tailscale/2 for a new state.",
        3
    );

    /// <summary>The control server says no.</summary>
    public static readonly TsCheckCause LoginRefused = new(
        "LoginRefused",
        "The control server refuses the node for a reason of its own, which the line names.",
        "Look at the user, the policy and the limits of the tailnet, then join with a new key.",
        3
    );

    /// <summary>Server and client do not fit.</summary>
    public static readonly TsCheckCause ControlServerIncompatible = new(
        "ControlServerIncompatible",
        "The control server and this version of tailscale do not understand each other.",
        "Update Headscale, or check that --login-server names it and that its proxy passes on 'Upgrade' "
            + "(WebSockets); Headscale 0.29 takes tailscale 1.80 and later.",
        3
    );

    /// <summary>Relay servers.</summary>
    public static readonly TsCheckCause RelayUnreachable = new(
        "RelayUnreachable",
        "The node does not reach tailscale's relay servers (DERP), and has nothing else where no direct "
            + "connection is possible.",
        "Allow outgoing TCP 443 and UDP 3478 from the node; with Headscale check its DERP map.",
        3
    );

    /// <summary>No network.</summary>
    public static readonly TsCheckCause NetworkDown = new(
        "NetworkDown",
        "Tailscale sees no network on the node.",
        "Look at the node's links and addresses (talosctl get links, addresses, routes).",
        3
    );

    /// <summary>A warning of tailscaled or of the tailnet.</summary>
    public static readonly TsCheckCause HealthWarning = new(
        "HealthWarning",
        "Tailscale warns of its own health; the line says what of.",
        "Read the line; the code in it is that of tailscale's health warnings.",
        3
    );

    /// <summary>Routes of other devices are not used.</summary>
    public static readonly TsCheckCause RoutesNotAccepted = new(
        "RoutesNotAccepted",
        "Other devices advertise routes and this node does not use them, which is right for most nodes.",
        "Only if the node is to reach networks behind other devices: add --accept-routes to TS_EXTRA_ARGS."
    );

    /// <summary>The registry's certificate is not trusted.</summary>
    public static readonly TsCheckCause RegistryNotTrusted = new(
        "RegistryNotTrusted",
        "The node does not trust the registry's certificate.",
        "Give the node the registry's certificate authority (RegistryTLSConfig), or look at the "
            + "certificate's names and dates and at the node's clock."
    );

    /// <summary>The node's rules for images.</summary>
    public static readonly TsCheckCause ImageNotVerified = new(
        "ImageNotVerified",
        "The node's own rules for images (ImageVerificationConfig) do not let this one pass.",
        "Sign the image as the rule for it demands, or put a rule with 'skip: true' for it before that one "
            + "(Set-TalosMachinePatch)."
    );

    /// <summary>Nothing listens at the registry's address.</summary>
    public static readonly TsCheckCause RegistryRefused = new(
        "RegistryRefused",
        "The registry's host answers and nothing listens at the port.",
        "Start the registry, or correct the port in the reference.",
        3
    );

    /// <summary>No way to the registry.</summary>
    public static readonly TsCheckCause RegistryUnreachable = new(
        "RegistryUnreachable",
        "The registry's name resolves, and the node does not reach its address.",
        "Look at the check 'TailnetAddress' and at the tailnet policy (grants for the node's tags to the registry).",
        3
    );

    /// <summary>A failure that is not known.</summary>
    public static readonly TsCheckCause LogNotUnderstood = new(
        "LogNotUnderstood",
        "The log has lines that say that something failed, and this module does not know them.",
        "Read them (property Evidence, or Get-TalosLog ext-tailscale)."
    );
}
