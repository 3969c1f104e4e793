using System.Globalization;
using System.Security.Cryptography;

namespace TalosTailscale.Lab.Tailnet;

/// <summary>
/// The tailnet of the lab: keys, devices and policy; the operator's own tailscaled by LocalAPI on a unix socket; API v2 of
/// api.tailscale.com on loopback.
/// </summary>
public sealed class LabTailnet : ILabPart, ILabTailnet
{
    private readonly Lock _lock = new();
    private readonly List<LabTailnetDevice> _devices = [];
    private readonly List<LabTailnetKey> _keys = [];
    private readonly LabTailnetPolicy _policy;
    private readonly LabTailnetApi _api;
    private readonly LabLocalApi _local;
    private int _next = 1;

    /// <summary>Makes an empty tailnet with the operator's machine in it.</summary>
    public LabTailnet()
    {
        _policy = new LabTailnetPolicy(this);
        _api = new LabTailnetApi(this);
        _local = new LabLocalApi(this);
        Operator = Add("workstation", [], null, authorized: true, ephemeral: false);
    }

    /// <summary>The clock of the lab, once the tailnet has been started in one.</summary>
    internal TimeProvider Clock { get; private set; } = TimeProvider.System;

    internal DateTimeOffset Now => Clock.GetUtcNow();

    /// <summary>The name of the tailnet.</summary>
    public string Name { get; set; } = "lab.example.com";

    /// <summary>The suffix of the names of its devices.</summary>
    public string MagicDnsSuffix { get; set; } = "ide-newton.ts.net";

    /// <summary>The tags that its policy lets the owner of a key use.</summary>
    public ISet<string> PermittedTags { get; } =
        new HashSet<string>(["tag:talos", "tag:k8s", "tag:node", "tag:server", "tag:infra"], StringComparer.Ordinal);

    /// <summary>Whether devices need approval unless their key is preauthorised.</summary>
    public bool NeedsApproval { get; set; }

    /// <summary>The login server that answers; a device that asks another gets no answer.</summary>
    public string LoginServer { get; set; } = "https://controlplane.tailscale.com";

    /// <summary>Whether this tailnet is a Headscale: other error texts, no <c>CNTRL</c> in ids, numeric users.</summary>
    public bool IsHeadscale { get; set; }

    /// <summary>The machine at which the operator sits.</summary>
    public LabTailnetDevice Operator { get; }

    /// <summary>The API of the tailnet and what it does wrong.</summary>
    public LabTailnetApi Api => _api;

    /// <summary>The unix socket of the operator's tailscaled; null where there are none.</summary>
    public string? SocketPath => _local.SocketPath;

    /// <summary>The devices, the operator's machine first.</summary>
    public IReadOnlyList<LabTailnetDevice> Devices
    {
        get
        {
            lock (_lock)
                return [.. _devices];
        }
    }

    /// <summary>The keys.</summary>
    public IReadOnlyList<LabTailnetKey> Keys
    {
        get
        {
            lock (_lock)
                return [.. _keys];
        }
    }

    /// <inheritdoc/>
    public async Task StartAsync(LabCluster cluster, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        Clock = cluster.Clock;
        var parts = cluster.Options.AuthKey.Split('-');
        AddKey(
            new LabTailnetKey
            {
                Id = parts.Length > 2 ? parts[2] : "kLab",
                Secret = cluster.Options.AuthKey,
                Reusable = true,
                Created = Now,
                Expires = Now.AddDays(90),
            }
        );
        await _api.StartAsync(cancellationToken);
        await _local.StartAsync(cluster.Folder, cancellationToken);
    }

    /// <inheritdoc/>
    public void AddClientFiles(LabClientFiles files)
    {
        ArgumentNullException.ThrowIfNull(files);
        files.AddVariable("TALOSTAILSCALE_TAILNET_API", _api.Address.AbsoluteUri);
        files.AddVariable("TAILSCALE_API_KEY", _api.Token);
        if (SocketPath is not null)
            files.AddVariable("TS_SOCKET", SocketPath);
    }

    /// <inheritdoc/>
    public LabTailnetLogin Login(LabNode node, IReadOnlyDictionary<string, string> environment)
    {
        ArgumentNullException.ThrowIfNull(node);
        ArgumentNullException.ThrowIfNull(environment);
        var faults = new LabTailnetPolicy.Refusals(
            Key: node.Faults.Has(LabFault.ExpiredKey),
            Tags: node.Faults.Has(LabFault.TagRefused),
            Approval: node.Faults.Has(LabFault.DeviceApproval)
        );
        var version = node.Extensions.FirstOrDefault(e => e.Name == "tailscale")?.Version;
        return Login(node.Name, node.Hostname, environment, faults, version);
    }

    /// <inheritdoc/>
    public void Disconnect(LabNode node)
    {
        ArgumentNullException.ThrowIfNull(node);
        lock (_lock)
        {
            if (_devices.Find(d => d.LabNode == node.Name) is not { } device)
                return;
            device.IsOnline = false;
            device.LastSeen = Now;
            if (device.IsEphemeral)
                _devices.Remove(device);
        }
    }

    /// <summary>Makes a key known.</summary>
    /// <param name="key">The key.</param>
    /// <returns>The key.</returns>
    public LabTailnetKey AddKey(LabTailnetKey key)
    {
        lock (_lock)
            _keys.Add(key);
        return key;
    }

    /// <summary>Removes a device, as an administrator does; its next log-in needs a valid key.</summary>
    /// <param name="device">The device.</param>
    /// <returns>True if it was there.</returns>
    public bool Remove(LabTailnetDevice device)
    {
        lock (_lock)
            return _devices.Remove(device);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _api.DisposeAsync();
        await _local.DisposeAsync();
    }

    /// <summary>Makes a key of the shape that Tailscale issues.</summary>
    internal LabTailnetKey NewKey(
        bool reusable,
        bool ephemeral,
        bool preauthorized,
        string[] tags,
        string description,
        TimeSpan life
    )
    {
        var id = $"k{Text(11)}{(IsHeadscale ? "" : "CNTRL")}";
        return AddKey(
            new LabTailnetKey
            {
                Id = id,
                Secret = $"tskey-auth-{id}-{Text(32)}",
                Reusable = reusable,
                Ephemeral = ephemeral,
                Preauthorized = preauthorized,
                Tags = tags,
                Description = description,
                Created = Now,
                Expires = Now + life,
            }
        );
    }

    internal LabTailnetLogin Login(
        string node,
        string hostname,
        IReadOnlyDictionary<string, string> environment,
        LabTailnetPolicy.Refusals refusals,
        string? version
    )
    {
        lock (_lock)
        {
            var known = _devices.Find(d => d.LabNode == node);
            var (error, key, tags) = _policy.Check(known, environment, refusals);
            if (error is not null)
                return new LabTailnetLogin("NeedsLogin", null, error);
            var wanted = environment.GetValueOrDefault("TS_HOSTNAME") is { Length: > 0 } name ? name : hostname;
            var authorized =
                !refusals.Approval && (!NeedsApproval || key?.Preauthorized == true || known?.IsAuthorized == true);
            var device = known ?? Add(wanted, tags, node, authorized, key?.Ephemeral == true);
            if (key is not null)
                key.Uses++;
            device.IsAuthorized = authorized;
            device.IsOnline = true;
            device.LastSeen = Now;
            device.ClientVersion = version ?? device.ClientVersion;
            if (tags.Count > 0)
                device.Tags = tags;
            device.AdvertisedRoutes = environment.GetValueOrDefault("TS_ROUTES") is { Length: > 0 } routes
                ? routes.Split(',')
                : [];
            if (device.Hostname != wanted)
                (device.Hostname, device.Name) = (wanted, Unique(wanted, device));
            return authorized
                ? new LabTailnetLogin("Running", device.Address, null)
                : new LabTailnetLogin("NeedsMachineAuth", null, null);
        }
    }

    internal LabTailnetKey? FindKey(string secret) => _keys.Find(k => k.Secret == secret);

    private LabTailnetDevice Add(
        string hostname,
        IReadOnlyList<string> tags,
        string? node,
        bool authorized,
        bool ephemeral
    )
    {
        var number = _next++;
        var device = new LabTailnetDevice
        {
            Id = string.Create(CultureInfo.InvariantCulture, $"{92960230385UL + (ulong)number}"),
            NodeId = $"n{Text(11)}{(IsHeadscale ? "" : "CNTRL")}",
            Hostname = hostname,
            Name = Unique(hostname, null),
            Address = $"100.{101 + (number / 62500)}.{number / 250 % 250}.{(number % 250) + 1}",
            Address6 = string.Create(CultureInfo.InvariantCulture, $"fd7a:115c:a1e0::{number:x}"),
            Tags = tags,
            IsAuthorized = authorized,
            IsEphemeral = ephemeral,
            IsKeyExpiryDisabled = tags.Count > 0,
            LabNode = node,
            Created = Now,
            LastSeen = Now,
            Expires = Now.AddDays(180),
        };
        _devices.Add(device);
        return device;
    }

    // The control plane cleans names up and numbers those that are taken.
    private string Unique(string hostname, LabTailnetDevice? self)
    {
        var clean = string.Concat(hostname.ToLowerInvariant().Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-'))
            .Trim('-');
        var name = clean;
        for (var i = 1; _devices.Any(d => d != self && d.Name == name); i++)
            name = string.Create(CultureInfo.InvariantCulture, $"{clean}-{i}");
        return name;
    }

    private static string Text(int length) =>
        RandomNumberGenerator.GetString("ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz123456789", length);
}
