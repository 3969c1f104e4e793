using static TalosTailscale.Core.Validation.LogPattern;

namespace TalosTailscale.Core.Validation;

/// <summary>What tailscaled says when it cannot do its work on the node: state, tunnel, netfilter, DNS.</summary>
internal static class DaemonPatterns
{
    private const string Tun = "tailscale net/tstun/tun.go, tun_linux.go and cmd/tailscaled/tailscaled.go, all";

    public static IReadOnlyList<LogPattern> All { get; } =
    [
        Failure(
            Causes.TailscaledCrashed,
            @"^(panic: |fatal error: |goroutine \d+ \[|\[signal |unexpected fault address"
                + @"|runtime: (out of memory|goroutine stack))|SIG(SEGV|ABRT|BUS)\b|\btailscaled exited: signal",
            "Go's runtime, all"
        ),
        LogPattern.Of(
            LogMeaning.Trouble,
            Causes.AcceptDnsOnReadOnlyRoot,
            @"(resolv\.conf|resolv\.pre-tailscale-backup\.conf).*(read-only file system"
                + @"|device or resource busy|permission denied)|dns-set-os-config-failed|dns\.NewOSConfigurator"
                + "|Failed to (read|set) system DNS configuration|failed to (set"
                + "|fetch) the DNS configuration of your device|error setting DNS config"
                + "|failed to (configure (systemd-)?resolved|flush resolved DNS cache)"
                + "|error restarting resolved|restart of systemd-resolved failed|(remove"
                + @"|rename) of "".*"" failed \(|restorecon of|restore the SELinux label|trample: read error"
                + "|dns flush failed after",
            "tailscale net/dns/direct.go, manager.go, manager_linux.go, resolved.go, all"
        ),
        LogPattern.Of(
            LogMeaning.Trouble,
            Causes.StateStoreUnreadable,
            @"starting with in-memory store",
            "tailscale cmd/tailscaled/tailscaled.go, 1.94 and later"
        ),
        Failure(
            Causes.StateStoreUnreadable,
            "failed to seal encryption key to TPM",
            "tailscale feature/tpm/tpm.go, 1.86 and later",
            "The node's TPM does not do what tailscale asks of it: set "
                + "TS_TAILSCALED_EXTRA_ARGS=--encrypt-state=false in the ExtensionServiceConfig and apply it."
        ),
        Failure(
            Causes.StateNotWritable,
            "no space left on device|(failed to (write|save)|store|writing|state).*(read-only file system"
                + "|permission denied|input/output error|disk quota exceeded)|failed to create state directory: "
                + "|creating state directory: |error writing machine key to store|failed to (write initial"
                + "|seal) state file|[Ff]ailed to save (new controlclient state|updated|UpdatePrefs state"
                + "|exit node changes)|create profile directory",
            "tailscale ipn/store/stores.go, feature/tpm/tpm.go, ipn/ipnlocal/local.go, all"
        ),
        Failure(
            Causes.StateStoreUnreadable,
            @"state store is unhealthy|store\.New( failed)?: |failed to (unseal|migrate existing"
                + @"|unmarshal state|parse state)|has not been TPM-sealed or is corrupt|newTPMStore|\btpm2\.(Load"
                + @"|Unseal|Create|CreatePrimary)\b|TPM_RC_|opening TPM: |unsealed key should be"
                + "|nonce should be 24"
                + @"|this build does not support TPM|failed to unmarshal "".*state|invalid (zero )?key (in"
                + @"|stored in)|error reading \S+ key of|initMachineKeyLocked|getMachinePrivKey"
                + "|profile local data storage unavailable"
                + "|failed to (seal encryption key to TPM|create hardware attestation key"
                + "|load profile prefs for|migrate from legacy preferences"
                + "|parse savedPrefs with attestation key)"
                + "|TPM not supported on this platform|failed to (load TPM key"
                + @"|open a TPM connection) in feature/tpm|failed to unmarshal "".*"": "
                + @"|invalid ServeConfig "".*"" in StateStore|default profile cannot be used"
                + @"|failed to populate attestation key from TPM|failed to sign node key with hardware attestation",
            "tailscale ipn/store/stores.go, feature/tpm/tpm.go, ipn/localapi/localapi.go, 1.86 and later; "
                + "ipn/ipnlocal/local.go and profiles.go, all"
        ),
        Failure(
            Causes.NetfilterUnavailable,
            "setting netfilter mode: |could not (get iptables version|setup netfilter|create new netfilter"
                + "|disable existing netfilter|add magicsock port rule)|creating router: .*(iptables|nftables"
                + "|netfilter)|error creating new netfilter runner|set cgnat mode: |add cgnat rules: "
                + "|enabling connmark rules"
                + "|(adding|checking for|setting up|flushing|listing) .*(ts-input|ts-forward|ts-postrouting"
                + "|/filter|/nat|chain).*: |iptables: (No chain|Table does not exist)"
                + "|can't initialize ip6?tables|linuxfw:unsupported|create (chain|table|rule) .*: "
                + "|nftables.*(operation not supported|failed|error)"
                + @"|adding loopback (allow )?rule|ip6?tables command run fail|firewall mode .* not supported"
                + "|error (ensuring|listing|clearing|adding|deleting) .*(filter table|nat table|chain"
                + @"|rules?\b|DNAT|SNAT|PREROUTING)|cannot (create nftables runner|list chains)"
                + "|could not get chain|Failed to find hook rule|couldn't find final ACCEPT rule"
                + @"|chain \S+ not found in table|error setting up nftables|unsupported (cgnat )?mode """
                + @"|listing nat chains failed|[Uu]pdateMagicsockPort\(.*failed",
            "tailscale wgengine/router/osrouter/router_linux.go, util/linuxfw, 1.34 and later"
        ),
        LogPattern.Of(
            LogMeaning.Trouble,
            Causes.NetfilterUnavailable,
            "warning: running without policy routing|error querying IP rules|adding IP rules: "
                + "|failed to determine ip command fwmask",
            "tailscale wgengine/router/osrouter/router_linux.go, all"
        ),
        LogPattern.Of(
            LogMeaning.Trouble,
            Causes.RoutesNotSet,
            @"\b\d+ (add|delete) \w+ failures; first was: |^(router: )?\w+ (add|del) failed: "
                + "|THROW ERROR adding |failed to delete throw route|router config failed"
                + "|error reconfiguring VPN after major link change",
            "tailscale wgengine/router/osrouter/router_linux.go and wgengine/userspace.go, all"
        ),
        Failure(
            Causes.TunnelUnavailable,
            @"[Uu]nable to create tuntap device file|ensuring that /dev/net/tun exists: |\btstun\.New\("
                + @"|CreateTUN.*(failed|error)|/dev/net/tun.*(no such|permission|not exist)|TUN device \S+ is busy"
                + "|no TUN, and failed|tun module not loaded|but /dev/net/tun does not exist"
                + "|is CONFIG_TUN enabled|bringing interface up|to tunnel interface|failed to look up link",
            Tun
        ),
        Failure(
            Causes.TunnelUnavailable,
            @"wgengine\.NewUserspaceEngine.* error|createEngine: |tailscaled requires root|newNetstack: ",
            Tun
        ),
        // Once a second until the engine starts its tunnel: a start that takes a few seconds is an ordinary one.
        LogPattern.Of(
            LogMeaning.Generic,
            Causes.TunnelNotStarted,
            @"awaiting Wrapper\.Start call",
            "tailscale net/tstun/wrap.go, 1.34 and later"
        ) with
        {
            Least = 10,
        },
        Failure(
            Causes.IpForwardingOff,
            "Failed to enable IP forwarding|IP forwarding must be enabled"
                + "|[Yy]ou can (fix this by running the container with privileged|either set the sysctls)",
            "tailscale cmd/containerboot/main.go, 1.34 and later"
        ),
        LogPattern.Of(
            LogMeaning.Trouble,
            Causes.IpForwardingOff,
            "IP(v[46])? forwarding is disabled|Subnet routes and exit nodes may not work"
                + "|Couldn't check system's IP forwarding|failed to ensure IP forwarding|forwarding is set to off"
                + @"|[Cc]ouldn't (check|parse) (net\.|/proc/sys/)|failed to check sysctl ",
            "tailscale net/netutil/ip_forward.go, all"
        ),
        Failure(
            Causes.ServiceConfigInvalid,
            @"tailscaled requires --socket|safesocket\.Listen: |ipnserver\.Run: .*(address already in use"
                + "|permission denied)",
            "tailscale cmd/tailscaled/tailscaled.go, all",
            "Leave TS_SOCKET as the extension sets it, and run tailscale only once on the node."
        ),
        Failure(
            Causes.TailscaledNotReady,
            @"failed to bind any ports|magicsock: .*(unable|failed) to (re)?bind|Rebind IPv4 failed",
            "tailscale wgengine/magicsock/magicsock.go, all",
            "Another program on the node has the UDP port (41641 unless told otherwise): free it, or set "
                + "PORT to another one in the ExtensionServiceConfig."
        ),
        Failure(
            Causes.TailscaledNotReady,
            @"getLocalBackend error|ipnlocal\.NewLocalBackend: |LocalBackend\.Start: |ipnserver\.Run: "
                + @"|netmon\.New: |failed to (create|initialize) "".*"" extension|failed to start netstack"
                + "|failed to create extension host",
            "tailscale cmd/tailscaled/tailscaled.go, all"
        ),
    ];
}
