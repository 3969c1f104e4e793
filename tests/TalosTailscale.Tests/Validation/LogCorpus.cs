namespace TalosTailscale.Tests.Validation;

/// <summary>
/// Logs as nodes without trouble write them: starts, log-ins anew, network changes and restarts, of ten releases. The
/// lines are those of tailscale/tailscale's sources and of public reports (tailscale#9853, #12713, #14687, #19535,
/// ScaleTail#301, extensions#1061), with made-up values.
/// </summary>
internal sealed class LogCorpus(int seed)
{
    private static readonly string[] s_versions =
    [
        "1.82.5",
        "1.84.3",
        "1.86.5",
        "1.88.4",
        "1.90.9",
        "1.92.5",
        "1.94.2",
        "1.96.5",
        "1.98.10",
        "1.102.3",
    ];

    private static readonly string[] s_begin =
    [
        "logtail started",
        "LogID: 0123456789abcdef",
        "logpolicy: using system state directory \"/var/lib/tailscale\"",
        "logpolicy.ConfigFromFile /var/lib/tailscale/tailscaled.log.conf: open "
            + "/var/lib/tailscale/tailscaled.log.conf: no such file or directory",
        "logpolicy.Config.Validate for /var/lib/tailscale/tailscaled.log.conf: config is nil",
        "dns: [rc=unknown ret=direct]",
        "dns: using \"direct\" mode",
        "dns: using *dns.directManager",
        "dns: inotify: NewDirWatcher: context canceled",
        "wgengine.NewUserspaceEngine(tun \"tailscale0\") ...",
        "link state: interfaces.State{defaultRoute=eth0 ifs={eth0:[10.0.0.5/24]} v4=true v6=false}",
        "router: portUpdate(port=37537, network=udp6)",
        "router: using firewall mode pref ",
        "router: default choosing iptables",
        "router: disabling tunneled IPv6 due to system IPv6 config: disable_ipv6 is set",
        "router: netfilter running in iptables mode v6 = true, v6filter = true, v6nat = true",
        "onPortUpdate(port=37537, network=udp6)",
        "magicsock: disco key = d:0123456789abcdef",
        "Creating WireGuard device...",
        "Bringing WireGuard device up...",
        "Bringing router up...",
        "Clearing router settings...",
        "Starting network monitor...",
        "Engine created.",
        "pm: migrating \"_daemon\" profile to new format",
        "envknob: TS_DEBUG_FIREWALL_MODE=\"auto\"",
        "sockstatlog: failed to create log file: mkdir /.cache: read-only file system",
        "got LocalBackend in 10ms",
        "Start",
        "ipnext: active extensions: portmapper, posture, relayserver, taildrop, clientupdate",
        "generating new machine key",
        "machine key written to store",
        "Backend: logs: be:0123 fe:",
        "Switching ipn state NoState -> NeedsLogin (WantRunning=false, nm=false)",
        "blockEngineUpdates(true)",
        "health(warnable=wantrunning-false): error: Tailscale is stopped.",
        "health(warnable=login-state): error: You are logged out.",
        "wgengine: Reconfig: configuring userspace WireGuard config (with 0/0 peers)",
        "[RATELIMIT] format(\"health(warnable=%s): error: %s\")",
        "TPM: error opening: stat /dev/tpmrm0: no such file or directory",
        "[unexpected] policy requires hardware attestation, but device does not support it: "
            + "--hardware-attestation is not supported on this platform or in this build of tailscaled",
    ];

    private static readonly string[] s_login =
    [
        "EditPrefs: MaskedPrefs{WantRunning=true}",
        "tstun: awaiting Wrapper.Start call\ntstun: awaiting Wrapper.Start call\ntstun: awaiting Wrapper.Start call",
        "control: client.Login(0)",
        "control: LoginInteractive -> regen=true",
        "control: doLogin(regen=true, hasUrl=false)",
        "StartLoginInteractive: url=false",
        "health(warnable=warming-up): error: Tailscale is starting. Please wait.",
        "health(warnable=wantrunning-false): ok",
        "control: control server key from https://controlplane.tailscale.com: ts2021=[fSeS+], legacy=[nlFWp]",
        "control: Generating a new nodekey.",
        "control: RegisterReq: onode= node=[1hZEv] fup=false nks=false",
        "control: RegisterReq: got response; nodeKeyExpired=false, machineAuthorized=true; authURL=false",
        "health(warnable=login-state): ok",
        "active login: node@example.com",
        "Switching ipn state NeedsLogin -> Starting (WantRunning=true, nm=true)",
        "control: netmap: got new dial plan from control",
        "control: NetInfo: NetInfo{varies=false ipv6=false ipv6os=true udp=true icmpv4=false derp=#26 "
            + "portmap= link=\"\" firewallmode=\"ipt-default\"}",
        "dns: Set: {DefaultResolvers:[] Routes:{} SearchDomains:[] Hosts:0}",
        "dns: Resolvercfg: {Routes:{} Hosts:0 LocalDomains:[]}",
        "dns: OScfg: {}",
        "peerapi: serving on http://100.101.121.100:41317",
        "netcheck: netcheck.runProbe: got STUN error: context deadline exceeded",
        "magicsock: home DERP changing from derp-0 [0ms] to derp-26 [29ms] (forced=false)",
        "health(warnable=no-derp-connection): error: Tailscale could not connect to the 'Nuremberg' relay "
            + "server. Your Internet connection might be down, or the server might be temporarily unavailable.",
        "health(warnable=not-in-map-poll): error: Unable to connect to the Tailscale coordination server "
            + "to synchronize the state of your tailnet. Peer reachability might degrade over time.",
        "derphttp.Client.Connect: connecting to derp-26 (nue)",
        "magicsock: derp-26 connected; connGen=1",
    ];

    private static readonly string[] s_later =
    [
        "magicsock: disco: node [abcde] d:0123456789abcdef now using 192.168.1.85:41641",
        "LinkChange: major, rebinding. New state: interfaces.State{defaultRoute=eth0 "
            + "ifs={eth0:[10.0.0.6/24]} v4=true v6=false}",
        "monitor: gateway and self IP changed: gw=10.0.0.1 self=10.0.0.6",
        "monitor: RTM_DELROUTE: src=, dst=fe80::/128, gw=, outif=3698, table=255",
        "Rebind; defIf=\"eth0\", ips=[10.0.0.6/24]",
        "magicsock: derp-26 does route to [abcde]; dropped 3",
        "magicsock: derp.Recv(derp-26): read tcp 10.0.0.6:443: i/o timeout",
        "derphttp.Client.Recv: connect to region 26 (nue): context deadline exceeded",
        "logtail: upload: log upload of 3375 bytes compressed failed: Post "
            + "\"https://log.tailscale.com/c/x\": dial tcp: i/o timeout",
        "logtail: dial \"log.tailscale.com:443\" failed: dial tcp 34.229.201.48:443: connect: network is "
            + "unreachable (in 50ms), trying bootstrap...",
        "netcheck: UDP is blocked, trying HTTPS",
        "portmapper: failed to get UPnP: no such host",
        "Received error: PollNetMap: EOF",
        "Received error: PollNetMap: read tcp 10.0.0.6:4433->192.200.0.103:443: read: connection reset by peer",
        "Received error: PollNetMap: Post \"https://controlplane.tailscale.com/machine/map\": context "
            + "deadline exceeded",
        "control: map response long-poll timed out!",
        "control: lite map update error after 10s: Post "
            + "\"https://controlplane.tailscale.com/machine/map\": context deadline exceeded",
        "control: mapRoutine: backoff: 19375 msec",
        "control: controlhttp: forcing port 443 dial due to recent noise dial",
        "control: netmap: ending timeout goroutine",
        "open-conn-track: timeout opening (TCP 100.64.0.1:1234 => 100.64.0.2:443) to node [abcde]; "
            + "online=yes, lastRecv=1m",
        "Drop: TCP{100.64.0.1:1234 > 100.64.0.2:443} 60 no rules matched",
        "wg: [v2] [abcde] - Handshake did not complete after 5 seconds, retrying (try 2)",
        "[RATELIMIT] format(\"magicsock: derp-%d: %v error\") (8 dropped)",
        "dns udp query: waiting for response or error from [10.0.0.1]: context deadline exceeded",
        "dns: resolver: forward: no upstream resolvers set, returning SERVFAIL",
        "peerapi: client error: write: broken pipe",
        "router: somebody (likely systemd-networkd) deleted ip rules; restoring Tailscale's",
        "Warning: UDP GRO forwarding is suboptimally configured on eth0, UDP forwarding throughput "
            + "capability will increase with a configuration change.",
        "health(warnable=not-in-map-poll): error: Unable to connect to the Tailscale coordination server "
            + "to synchronize the state of your tailnet. Peer reachability might degrade over "
            + "time.\nhealth(warnable=not-in-map-poll): ok",
        "health(warnable=derp-timed-out): error: Tailscale hasn't heard from the 'Nuremberg' relay server "
            + "in 2m0s. The server might be temporarily unavailable, or your Internet connection might be "
            + "down.\nhealth(warnable=derp-timed-out): ok",
        "health(warnable=network-status): error: Tailscale cannot connect because the network is down. "
            + "Check your Internet connection.\nhealth(warnable=network-status): ok",
        "health(warnable=update-available): error: An update from version 1.94.1 to 1.102.3 is available. "
            + "Run `tailscale update` or `tailscale set --auto-update` to update now.",
        "netmap diff: (none)",
        "flushing netmap: writing netmap to disk cache",
        "captivedetection: attempt: GET http://derp1.tailscale.com/generate_204 failed: context canceled",
    ];

    private static readonly string[] s_end =
    [
        "tailscaled got signal terminated; shutting down",
        "canceling captive portal context",
        "control: client.Shutdown ...",
        "control: mapRoutine: exiting",
        "control: authRoutine: exiting",
        "control: updateRoutine: exiting",
        "control: Client.Shutdown done.",
        "dns: inotify: NewDirWatcher: context canceled",
        "monitor: netlink: receive failed: use of closed file; returning",
        "flushing log.",
        "logger closing down",
    ];

    private readonly Random _random = new(seed);
    private DateTime _time = new(2026, 11, 1, 3, 0, 0, DateTimeKind.Utc);

    /// <summary>A log of a node that is well at its end.</summary>
    public List<string> Healthy()
    {
        var log = new List<string>();
        var version = s_versions[seed % s_versions.Length];
        var starts = _random.Next(1, 4);
        for (var start = 0; start < starts; start++)
        {
            Boot(log, "Starting tailscaled");
            Boot(log, "Waiting for tailscaled socket at /var/run/tailscale/tailscaled.sock");
            Daemon(log, $"Program starting: v{version}-t0123abcde, Go 1.25.3: []string{{\"tailscaled\"}}");
            Some(log, s_begin, 0.8);
            Boot(log, "Running 'tailscale up'");
            Some(log, s_login, 0.8);
            Daemon(log, "Switching ipn state Starting -> Running (WantRunning=true, nm=true)");
            if (_random.Next(2) == 0)
                Boot(log, "Startup complete, waiting for shutdown signal");
            Some(log, s_later, 0.5);
            if (_random.Next(3) == 0)
                Daemon(
                    log,
                    "Switching ipn state Running -> Starting (WantRunning=true, nm=true)\nSwitching ipn "
                        + "state Starting -> Running (WantRunning=true, nm=true)"
                );
            Some(log, s_later, 0.3);
            if (start < starts - 1)
            {
                Boot(log, "Sending SIGTERM to tailscaled");
                Some(log, s_end, 0.9);
                if (_random.Next(2) == 0)
                    Boot(log, "tailscaled exited");
            }
        }

        return log;
    }

    /// <summary>Where in a log a line may be put in: anywhere, in earlier starts too.</summary>
    public int PlaceIn(List<string> log) => _random.Next(log.Count + 1);

    private void Some(List<string> log, string[] lines, double part)
    {
        foreach (var line in lines)
            if (_random.NextDouble() < part)
                Daemon(log, line);
    }

    private void Boot(List<string> log, string line) => log.Add($"boot: {Now()} {line}");

    private void Daemon(List<string> log, string lines)
    {
        foreach (var line in lines.Split('\n'))
            log.Add($"{Now()} {line}");
    }

    private string Now()
    {
        _time = _time.AddSeconds(_random.Next(3));
        return _time.ToString("yyyy/MM/dd HH:mm:ss", System.Globalization.CultureInfo.InvariantCulture);
    }
}
